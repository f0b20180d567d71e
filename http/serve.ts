import type { Context } from 'hono'
import type { IdempotencyApi } from '../actors/agents/api.ts'
import { LOCAL, type Principal } from '../core/principal.ts'
import { ACCESS, requireRole } from './access.ts'
import type { AppEnv } from './app-env.ts'
import type { Auth } from './auth.ts'
import { readBody } from './body.ts'
import { requireOwnOrigin } from './guard.ts'
import { idempotencyKey, once } from './idempotency.ts'
import type { Limits } from './limits.ts'
import { networkOf } from './proxies.ts'
import type { Call, Route } from './route.ts'
import { upgradeOf } from './socket.ts'

/** Whoever needs no key. Belongs to no team. */
const NOBODY: Principal = { name: 'nobody', team: '', role: 'viewer' }

export type Serve = (route: Route, c: Context<AppEnv>) => Promise<Response>

/** Takes a request through the door in one order: where from, who, may they, how much, done before? */
export function createServe(deps: { auth: Auth; limits: Limits; idempotency: IdempotencyApi }): Serve {
  const { auth, limits, idempotency } = deps

  return async (route, c) => {
    const request = c.req.raw
    const { peer, secure } = c.get('origin')
    requireOwnOrigin(request)
    const by = await principalFor(route, request, peer)
    const bytes = hasBody(request) ? await readBody(request) : new Uint8Array()
    const key = route.unstored || request.method !== 'POST' ? undefined : idempotencyKey(request)
    const { requestId, log } = c.var
    const upgrade = upgradeOf(c)
    const call: Call = { request, by, peer, secure, params: c.req.param(), bytes, key, requestId, log, upgrade }
    const response =
      key === undefined
        ? await route.answer(call)
        : await once(idempotency, { by, key, request, bytes }, async () => route.answer(call))
    // Hono answers HEAD with the headers of GET; a body that nobody reads would stay open.
    if (request.method === 'HEAD') await response.body?.cancel()
    return response
  }

  async function principalFor(route: Route, request: Request, peer: string): Promise<Principal> {
    const role = ACCESS[route.name]
    if (role === 'public') {
      limits.take(networkOf(peer))
      return NOBODY
    }
    const by = await auth.authenticate(request, peer)
    // Without keys there is nobody else whom one could crowd out.
    if (by !== LOCAL) limits.take(`${by.team}/${by.name}`)
    requireRole(by, role)
    return by
  }
}

function hasBody({ method }: Request): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH'
}
