import { BlockList, isIP } from 'node:net'
import { AppError } from '../../core/errors.ts'

/** Where a request came from, as far as that can be believed. */
export interface Origin {
  /** An IP address; IPv4 is never in IPv6's clothes. */
  peer: string
  /** It came over TLS, to us or to a proxy that we trust. */
  secure: boolean
}

/** Reads `X-Forwarded-For` and `-Proto`, but only of those who may say so: anybody can send a header. */
export type ReadOrigin = (request: Request, socketAddress: string | undefined) => Origin

/** `trusted` are addresses or networks (`10.0.0.0/8`). Throws `config.invalid`. */
export function createProxies(trusted: readonly string[]): ReadOrigin {
  const list = new BlockList()
  for (const entry of trusted) add(list, entry)
  const isTrusted = (address: string): boolean => {
    // Every request asks, and most installations trust nobody.
    if (trusted.length === 0) return false
    const family = isIP(address)
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }

  return (request, socketAddress) => {
    const nearest = plain(socketAddress ?? 'unknown')
    const tls = request.url.startsWith('https:')
    if (!isTrusted(nearest)) return { peer: nearest, secure: tls }
    const proto = lastOf(request.headers.get('x-forwarded-proto'))
    // From the nearest outwards: the first whom we do not trust is who asks. What stands before it is what he says.
    const chain = (request.headers.get('x-forwarded-for') ?? '').split(',').map((one) => plain(one.trim()))
    const asking = chain.findLast((address) => !isTrusted(address))
    const peer = asking !== undefined && isIP(asking) !== 0 ? asking : nearest
    return { peer, secure: tls || proto === 'https' }
  }
}

/** What counts as one sender: an IPv4 address, or the /64 of an IPv6 one, of which a single host has 2^64. */
export function networkOf(peer: string): string {
  if (isIP(peer) !== 6) return peer
  const [head = '', tail] = peer.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  const groups = [...left, ...zeros, ...right].slice(0, 4)
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}

function add(list: BlockList, entry: string): void {
  const [address = '', prefix, ...more] = entry.split('/')
  const family = isIP(address)
  const bits = prefix === undefined ? undefined : Number(/^\d{1,3}$/.exec(prefix)?.[0])
  const most = family === 4 ? 32 : 128
  if (family === 0 || more.length > 0 || (bits !== undefined && !(bits <= most))) {
    throw new AppError(
      'config.invalid',
      `"${entry}" is not a proxy: expected an IP address or a network like 10.0.0.0/8`,
    )
  }
  list.addSubnet(address, bits ?? most, family === 4 ? 'ipv4' : 'ipv6')
}

function plain(address: string): string {
  return /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1] ?? address
}

function lastOf(header: string | null): string | undefined {
  return header?.split(',').at(-1)?.trim().toLowerCase()
}
