import { AppError } from '../../core/errors.ts'

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i

/** The host a request was sent to, as its sender wrote it. */
export function hostOf(request: Request): string {
  return request.headers.get('host') ?? new URL(request.url).host
}

/**
 * A page whose name was made to point at this machine (DNS rebinding) still sends its own name as host.
 * Throws `auth.foreign_host`.
 */
export function requireLoopbackHost(request: Request): void {
  if (LOOPBACK.test(hostOf(request))) return
  throw new AppError('auth.foreign_host', 'Without a key this server answers to localhost only')
}

/** Browsers say where a request comes from; another site's is refused, whatever cookie came along. Throws `auth.foreign_origin`. */
export function requireOwnOrigin(request: Request): void {
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  const ours = site === null || site === 'same-origin' || site === 'none'
  const own = origin === null ? ours : hostIn(origin) === hostOf(request).toLowerCase()
  if (!own) throw new AppError('auth.foreign_origin', 'Requests from other sites are refused')
}

function hostIn(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

/** For everything that is no page: nothing in it may run, be framed, guessed or kept. */
export const API_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const

/** A year, for those who came over TLS: over plain HTTP browsers ignore it, and a lab without TLS must stay reachable. */
export const TLS_ONLY = { 'strict-transport-security': 'max-age=31536000' } as const

/** A page of ours: its own files and its own server, nothing inline. */
export const PAGE_POLICY =
  "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
