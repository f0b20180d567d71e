import { lookup } from 'node:dns/promises'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { AppError } from '../core/errors.ts'
import { isNeighbour, isPublicAddress } from './addresses.ts'
import { type AllowedHosts, hostOf, refused } from './allowed-hosts.ts'
import { readBounded } from './bounded.ts'

const MAX_REDIRECTS = 3
const MAX_BYTES = 1024 * 1024
const REDIRECTS = [301, 302, 303, 307, 308]
/** What may follow a redirect to another origin; anything else may be a secret meant for the first. */
const HARMLESS_HEADERS = ['accept', 'accept-language', 'content-type', 'user-agent']

export interface HttpQuery {
  method: string
  url: string
  headers: Record<string, string>
  body: string | undefined
}

export interface HttpAnswer {
  status: number
  headers: IncomingMessage['headers']
  bytes: Uint8Array
}

/** Every address of a name; a dependency, so that a test can play a name server that lies. */
export type Resolve = (hostname: string) => Promise<string[]>

export const resolveByDns: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address)

/**
 * Sends a query only where the rules allow: the name is resolved once, every address of it is judged, and the connection
 * goes to the address that was judged. Each redirect, at most three, passes the same gate. Throws
 * `tool.address_refused` before a byte is sent; what the network throws comes through.
 */
export async function sendGuarded(
  query: HttpQuery,
  { allowed, resolve, signal }: { allowed: AllowedHosts; resolve: Resolve; signal: AbortSignal },
): Promise<HttpAnswer> {
  let url = parseUrl(query.url, undefined)
  let current = query
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const address = await judgedAddress(url, allowed, resolve, signal)
    const answer = await send(url, current, address, signal)
    const location = REDIRECTS.includes(answer.status) ? answer.headers.location : undefined
    if (location === undefined) return answer
    const next = parseUrl(location, url)
    current = afterRedirect(current, answer.status, next.origin === url.origin)
    url = next
  }
  throw new AppError('tool.failed', `More than ${MAX_REDIRECTS} redirects`)
}

function parseUrl(text: string, base: URL | undefined): URL {
  const url = URL.parse(text, base?.href)
  if (url === null) throw new AppError('tool.bad_input', 'The address is not a URL')
  return url
}

async function judgedAddress(url: URL, allowed: AllowedHosts, resolve: Resolve, signal: AbortSignal): Promise<string> {
  const { privateAllowed } = allowed.admit(url)
  const host = hostOf(url)
  const addresses = isIP(host) ? [host] : await untilAborted(resolve(host), signal)
  // One bad address among good ones is how a hostile name gets its second try.
  if (!privateAllowed && !addresses.every(isPublicAddress)) throw refused(`${host} lies in a private network`)
  return firstOf(addresses, host)
}

/**
 * Sends a query to a machine that somebody named, in whatever network it is, and follows no redirect. Throws
 * `tool.address_refused` for where no such machine is: link-local and metadata addresses, whatever name leads there.
 */
export async function sendToNeighbour(
  query: HttpQuery,
  { signal, maxBytes, resolve = resolveByDns }: { signal: AbortSignal; maxBytes: number; resolve?: Resolve },
): Promise<HttpAnswer> {
  const url = parseUrl(query.url, undefined)
  const host = hostOf(url)
  const addresses = isIP(host) ? [host] : await untilAborted(resolve(host), signal)
  if (!addresses.every(isNeighbour)) throw refused(`${host} is not in the network of a lab`)
  return send(url, query, firstOf(addresses, host), signal, maxBytes)
}

function firstOf([address]: readonly string[], host: string): string {
  if (address === undefined || isIP(address) === 0) throw new AppError('tool.unavailable', `${host} has no address`)
  return address
}

async function send(
  url: URL,
  { method, headers, body }: HttpQuery,
  address: string,
  signal: AbortSignal,
  maxBytes = MAX_BYTES,
): Promise<HttpAnswer> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // No shared agent: a kept connection could belong to an address judged by other rules.
    const sent = request(url, { method, headers, lookup: pinned(address), agent: false, signal }, resolve)
    sent.on('error', reject)
    sent.end(body)
  })
  try {
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      bytes: await readBounded(response, maxBytes),
    }
  } finally {
    response.destroy()
  }
}

/** Answers the judged address whatever the name server says by now. */
function pinned(address: string): LookupFunction {
  const family = isIP(address)
  return (_hostname, options, callback) => {
    if (options.all) callback(null, [{ address, family }])
    else callback(null, address, family)
  }
}

/** As browsers do: 307 and 308 repeat the query, any other redirect is followed with a GET. */
function afterRedirect(query: HttpQuery, status: number, sameOrigin: boolean): HttpQuery {
  const repeated = status === 307 || status === 308 || query.method === 'GET' || query.method === 'HEAD'
  const kept = Object.entries(query.headers).filter(([name]) => {
    if (!repeated && name.startsWith('content-')) return false
    return sameOrigin || HARMLESS_HEADERS.includes(name)
  })
  const headers = Object.fromEntries(kept)
  return repeated ? { ...query, headers } : { ...query, method: 'GET', headers, body: undefined }
}

/** The resolver of the system cannot be stopped, but nobody has to wait for it. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const stop = (): void => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
