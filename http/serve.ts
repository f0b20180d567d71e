import type { Context } from 'hono'
import type { SigningSource } from '../actors/agents/access/sources-api.ts'
import type { Platform } from '../actors/agents/api.ts'
import type { Clock } from '../core/clock.ts'
import type { Log } from '../core/log.ts'
import { LOCAL, type Principal } from '../core/principal.ts'
import { badSignature, SCHEMES, verifySignature } from '../sources/signature.ts'
import { ACCESS, requireRole, SIGNED } from './door/access.ts'
import type { Auth } from './door/auth.ts'
import { requireOwnOrigin } from './door/guard.ts'
import { idempotencyKey, once } from './door/idempotency.ts'
import type { Limits } from './door/limits.ts'
import { networkOf } from './door/proxies.ts'
import { BUILT_IN, SOURCE_PATH } from './resources/sources.ts'
import type { AppEnv } from './route/app-env.ts'
import type { Call, Route } from './route/route.ts'
import { upgradeOf } from './route/socket.ts'
import { readBody } from './wire/body.ts'

/** Whoever needs no key. Belongs to no team. */
const NOBODY: Principal = { name: 'nobody', team: '', role: 'viewer' }

export type Serve = (route: Route, c: Context<AppEnv>) => Promise<Response>

/** Takes a request through the door in one order: where from, who, may they, how much, done before? */
export function createServe(deps: {
  auth: Auth
  limits: Limits
  platform: Pick<Platform, 'idempotency' | 'sources'>
  log: Log
  clock: Clock
}): Serve {
  const { auth, limits, log, clock } = deps
  const { idempotency, sources } = deps.platform

  return async (route, c) => {
    const request = c.req.raw
    const { requestId, origin } = c.env.visit
    const { peer, secure } = origin
    requireOwnOrigin(request)
    const sender = SIGNED.has(route.name) ? await senderOf(c.req.param('source') ?? '', peer) : undefined
    const known = sender === undefined ? await principalFor(route, request, peer) : undefined
    const bytes = hasBody(request) ? await readBody(request) : new Uint8Array()
    const signed = sender === undefined ? undefined : await verified(sender, request, bytes)
    const by = known ?? signed?.principal ?? NOBODY
    const key = signed ? signed.key : nameOf(route, request)
    const upgrade = upgradeOf(c)
    const call: Call = { request, by, peer, secure, params: c.req.param(), bytes, signed, key, requestId, log, upgrade }
    const response =
      key === undefined
        ? await route.answer(call)
        : await once(idempotency, { by, key, request, bytes, name: signed?.name }, async () => route.answer(call))
    // Hono answers HEAD with the headers of GET; a body that nobody reads would stay open.
    if (request.method === 'HEAD') await response.body?.cancel()
    return response
  }

  /** A stored source decides how its path is opened; without one it takes a key, as everything else does. */
  async function senderOf(path: string, peer: string): Promise<(SigningSource & { path: string }) | undefined> {
    if (BUILT_IN.has(path) || !SOURCE_PATH.test(path)) return undefined
    limits.take(networkOf(peer))
    const source = await sources.find(path)
    return source && { ...source, path }
  }

  /**
   * The delivery's own id makes it one that is done once, for as long as such answers are remembered: a copy that comes
   * while its signature is still good changes nothing.
   */
  async function verified(source: SigningSource & { path: string }, request: Request, bytes: Uint8Array) {
    const { principal, kind, path, secrets } = source
    const scheme = SCHEMES.find((one) => one === source.scheme)
    if (scheme === undefined) throw badSignature()
    const delivery = verifySignature(scheme, secrets, { headers: new Map(request.headers), body: bytes }, clock.now())
    await limits.takeOfAll(`${principal.team}/${principal.name}`)
    await sources.used(path)
    // A copy that is sent to the same place spelled otherwise, or with a query, is a copy all the same.
    return { principal, kind, name: `source ${path}`, key: delivery === undefined ? undefined : `delivery:${delivery}` }
  }

  async function principalFor(route: Route, request: Request, peer: string): Promise<Principal> {
    const role = ACCESS[route.name]
    if (role === 'public') {
      limits.take(networkOf(peer))
      return NOBODY
    }
    const by = await auth.authenticate(request, peer)
    // Without keys there is nobody else whom one could crowd out.
    const waits = by === LOCAL ? undefined : limits.takeOfAll(`${by.team}/${by.name}`)
    if (waits) await waits
    requireRole(by, role)
    return by
  }
}

/** The Idempotency-Key, where the answer may be kept. */
function nameOf({ unstored }: Route, request: Request): string | undefined {
  return unstored || request.method !== 'POST' ? undefined : idempotencyKey(request)
}

function hasBody({ method }: Request): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH'
}
