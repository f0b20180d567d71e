import { isIP } from 'node:net'
import { AppError } from '../core/errors.ts'
import { isNeighbour } from './addresses.ts'

/** Where the HTTP tools may go. */
export interface AllowedHosts {
  /**
   * Throws `tool.address_refused` for a URL that no rule allows. `privateAllowed` is true when this very host and port
   * are listed: only then may it lie in a private network.
   */
  admit(url: URL): { privateAllowed: boolean }
}

interface Rule {
  /** As a URL writes it; for a wildcard, what the name must end in, with its dot. */
  host: string
  wildcard: boolean
  port: number | undefined
}

const WEB_PORTS = [80, 443]

/**
 * Rules are `host`, `host:port`, `*.suffix` or `*.suffix:port`; IPv6 in brackets. Without a port, 80 and 443 are meant.
 * Throws `config.invalid` for anything else. No rules allow nothing.
 */
export function parseAllowedHosts(patterns: readonly string[]): AllowedHosts {
  const rules = patterns.map(parseRule)
  return {
    admit(url) {
      refuseForm(url)
      const host = hostOf(url)
      const port = portOf(url)
      const matching = rules.filter((rule) => matches(rule, host, port))
      if (matching.length === 0) throw refused(`${host}:${port} is not among the allowed hosts`)
      return { privateAllowed: matching.some((rule) => !rule.wildcard && rule.port !== undefined) }
    },
  }
}

/**
 * Where gateways of devices may be, by the same rules; none allow every place. Answers a check that throws
 * `tool.address_refused`.
 */
export function parseGateways(patterns: readonly string[]): (gateway: string) => void {
  const allowed = parseAllowedHosts(patterns)
  return (gateway) => {
    const url = URL.parse(gateway)
    if (url === null || /[?#]/.test(gateway)) throw refused('A gateway is an address that paths can follow')
    refuseForm(url)
    const host = hostOf(url)
    if (isIP(host) && !isNeighbour(host)) throw refused(`${host} is not in the network of a lab`)
    if (patterns.length > 0) allowed.admit(url)
  }
}

export function refused(message: string): AppError {
  return new AppError('tool.address_refused', message)
}

/** The host as it is looked up: without brackets, and without the dot that makes a name absolute. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
}

function refuseForm(url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused(`${url.protocol} is not http: or https:`)
  if (url.username !== '' || url.password !== '') throw refused('A URL with a user name or a password is refused')
}

function matches(rule: Rule, host: string, port: number): boolean {
  if (rule.port === undefined ? !WEB_PORTS.includes(port) : rule.port !== port) return false
  return rule.wildcard ? host.endsWith(rule.host) && host.length > rule.host.length : host === rule.host
}

function parseRule(pattern: string): Rule {
  const [, star, host, port] = /^(\*\.)?(\[[0-9a-fA-F:.]+\]|[^\s:/?#@*[\]]+)(?::(\d{1,5}))?$/.exec(pattern.trim()) ?? []
  // The URL parser brings the host into the one spelling that URLs are compared in.
  const url = host === undefined ? null : URL.parse(`http://${host}/`)
  if (url === null || Number(port ?? 1) > 65_535) {
    throw new AppError('config.invalid', `"${pattern}" is not an allowed host: expected host, host:port or *.suffix`)
  }
  const wildcard = star !== undefined
  return { host: `${wildcard ? '.' : ''}${hostOf(url)}`, wildcard, port: port === undefined ? undefined : Number(port) }
}
