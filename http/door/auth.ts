import type { KeysApi } from '../../actors/agents/access/keys-api.ts'
import type { Clock } from '../../core/clock.ts'
import { AppError } from '../../core/errors.ts'
import { LOCAL, type Principal } from '../../core/principal.ts'
import { requireLoopbackHost } from './guard.ts'
import { networkOf } from './proxies.ts'

export const SESSION_COOKIE = 'troupe_session'

export interface Auth {
  /** Who asks. Throws `auth.missing_key`, `auth.wrong_key`, and `auth.too_many_tries` to a peer that keeps guessing. */
  authenticate(request: Request, peer: string): Promise<Principal>
  /** Who asks, or undefined when that is not enough any more. */
  find(request: Request): Promise<Principal | undefined>
  /** Opens a session for a key; throws like `authenticate`. */
  logIn(key: string, peer: string): Promise<{ session: string; principal: Principal; lastsMs: number }>
}

/** A human mistypes a few times a minute; a program that tries more is not told any more what was wrong. */
const MAX_FAILURES = 30
const WINDOW_MS = 60_000
const MAX_PEERS = 10_000

/**
 * Keys come as `Authorization: Bearer trp_…`, sessions in a cookie; neither is taken in the other's place. While no key
 * exists and only this machine can reach the server, whoever comes by its local name is `LOCAL`.
 */
export function createAuth(deps: { keys: KeysApi; loopbackOnly: boolean; clock: Clock }): Auth {
  const { keys, loopbackOnly, clock } = deps
  const failures = new Map<string, { count: number; until: number }>()

  function fail(peer: string): AppError {
    const now = clock.now()
    const network = networkOf(peer)
    const known = failures.get(network)
    const counted = known && known.until > now ? known : { count: 0, until: now + WINDOW_MS }
    counted.count += 1
    failures.delete(network)
    const [oldest] = failures.keys()
    if (failures.size >= MAX_PEERS && oldest !== undefined) failures.delete(oldest)
    failures.set(network, counted)
    // A right key still passes, so that nobody can lock out a neighbour behind the same address.
    if (counted.count <= MAX_FAILURES) return new AppError('auth.wrong_key', 'The key is unknown or has ended')
    const retryAfter = Math.ceil((counted.until - now) / 1000)
    return new AppError('auth.too_many_tries', 'Too many wrong keys: wait a minute', { details: { retryAfter } })
  }

  async function find(request: Request): Promise<Principal | undefined> {
    const given = bearerOf(request)
    if (given !== undefined) return isKey(given) ? keys.authenticate(given) : undefined
    const session = sessionOf(request)
    const principal = session === undefined ? undefined : await keys.authenticate(session)
    if (principal !== undefined || !loopbackOnly || (await keys.required())) return principal
    requireLoopbackHost(request)
    return LOCAL
  }

  return {
    find,
    async authenticate(request, peer) {
      const principal = await find(request)
      if (principal !== undefined) return principal
      if (bearerOf(request) !== undefined) throw fail(peer)
      // Nobody guesses 256 bits, and every page that was left open overnight comes with one.
      if (sessionOf(request) !== undefined) throw new AppError('auth.wrong_key', 'The session has ended: log in again')
      throw new AppError('auth.missing_key', 'This server needs a key: send Authorization: Bearer trp_…')
    },
    async logIn(key, peer) {
      const opened = isKey(key) ? await keys.openSession(key) : undefined
      if (opened === undefined) throw fail(peer)
      return opened
    },
  }
}

/** What cannot be a key does not get as far as the database. */
function isKey(text: string): boolean {
  return /^trp_[A-Za-z0-9_-]{8,200}$/.test(text)
}

function bearerOf(request: Request): string | undefined {
  const header = request.headers.get('authorization')
  if (header === null) return undefined
  return /^Bearer +(\S+)$/i.exec(header.trim())?.[1] ?? ''
}

/** The session in the cookie of a request, if it can be one. */
export function sessionOf(request: Request): string | undefined {
  const cookie = request.headers.get('cookie')
  if (cookie === null) return undefined
  const pairs = cookie.split(';').map((pair) => pair.trim())
  const value = pairs.find((pair) => pair.startsWith(`${SESSION_COOKIE}=`))?.slice(SESSION_COOKIE.length + 1)
  return value !== undefined && /^trs_[A-Za-z0-9_-]{43}$/.test(value) ? value : undefined
}
