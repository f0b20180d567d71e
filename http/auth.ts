import type { KeysApi } from '../actors/agents/api.ts'
import type { Clock } from '../core/clock.ts'
import { AppError } from '../core/errors.ts'
import { LOCAL, type Principal } from '../core/principal.ts'
import { requireLoopbackHost } from './guard.ts'

export const SESSION_COOKIE = 'troupe_session'

export interface Auth {
  /** Who asks. Throws `auth.missing_key`, `auth.wrong_key`, and `auth.too_many_tries` to a peer that keeps guessing. */
  authenticate(request: Request, peer: string): Promise<Principal>
  /** Who asks, or undefined when that is not enough any more. */
  find(request: Request): Promise<Principal | undefined>
  /** Checks a key that is to become a session; throws like `authenticate`. */
  check(key: string, peer: string): Promise<Principal>
}

/** A human mistypes a few times a minute; a program that tries more is not told any more what was wrong. */
const MAX_FAILURES = 30
const WINDOW_MS = 60_000
const MAX_PEERS = 10_000

/**
 * Keys come as `Authorization: Bearer trp_…` or in the session cookie. While no key exists and only this machine can
 * reach the server, whoever comes by its local name is `LOCAL`.
 */
export function createAuth(deps: { keys: KeysApi; loopbackOnly: boolean; clock: Clock }): Auth {
  const { keys, loopbackOnly, clock } = deps
  const failures = new Map<string, { count: number; until: number }>()

  function fail(peer: string, error: AppError): AppError {
    const now = clock.now()
    const known = failures.get(peer)
    const counted = known && known.until > now ? known : { count: 0, until: now + WINDOW_MS }
    counted.count += 1
    failures.delete(peer)
    const [oldest] = failures.keys()
    if (failures.size >= MAX_PEERS && oldest !== undefined) failures.delete(oldest)
    failures.set(peer, counted)
    // A right key still passes, so that nobody can lock out a neighbour behind the same address.
    return counted.count > MAX_FAILURES
      ? new AppError('auth.too_many_tries', 'Too many wrong keys: wait a minute')
      : error
  }

  async function find(request: Request): Promise<Principal | undefined> {
    const given = bearerOf(request)
    if (given !== undefined) return isKey(given) ? keys.authenticate(given) : undefined
    const cookie = cookieOf(request)
    const session = cookie !== undefined && isKey(cookie) ? await keys.authenticate(cookie) : undefined
    if (session !== undefined || !loopbackOnly || (await keys.required())) return session
    requireLoopbackHost(request)
    return LOCAL
  }

  return {
    find,
    async authenticate(request, peer) {
      const principal = await find(request)
      if (principal !== undefined) return principal
      if (bearerOf(request) === undefined && cookieOf(request) === undefined) {
        throw new AppError('auth.missing_key', 'This server needs a key: send Authorization: Bearer trp_…')
      }
      throw fail(peer, new AppError('auth.wrong_key', 'The key is unknown or was revoked'))
    },
    async check(key, peer) {
      const principal = isKey(key) ? await keys.authenticate(key) : undefined
      if (principal === undefined) throw fail(peer, new AppError('auth.wrong_key', 'The key is unknown or was revoked'))
      return principal
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

function cookieOf(request: Request): string | undefined {
  const pairs = (request.headers.get('cookie') ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${SESSION_COOKIE}=`))?.slice(SESSION_COOKIE.length + 1)
}
