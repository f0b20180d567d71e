import { randomBytes } from 'node:crypto'
import type { IdempotencyApi } from '../../actors/agents/access/idempotency-api.ts'
import type { Platform } from '../../actors/agents/api.ts'
import { AppError } from '../../core/errors.ts'
import { createLog } from '../../core/log.ts'
import type { Principal, Role } from '../../core/principal.ts'
import type { StoredAnswer } from '../../db/idempotency.ts'
import { type App, type AppOptions, createApp } from '../../http/app.ts'

/** Keys by role, `trp_<role>-key`; without any, none is needed. */
export const KEYS: Record<Role, string> = {
  viewer: 'trp_viewer-key',
  operator: 'trp_operator-key',
  approver: 'trp_approver-key',
  admin: 'trp_admin-key',
}

/**
 * A platform that has only what the door itself needs: keys and idempotency. Any other call fails, which is how a test
 * sees that a request got past the door.
 */
export function stubPlatform(parts: Partial<Platform> = {}, options: { keys?: boolean } = {}): Platform {
  const principals = new Map<string, Principal>(
    Object.entries(KEYS).map(([role, key]) => [key, { name: role, team: 'default', role: role as Role }]),
  )
  const sessions = new Map<string, string>()
  const known = {
    keys: {
      ...absent<Platform['keys']>('keys'),
      authenticate: async (secret: string) =>
        options.keys ? principals.get(sessions.get(secret) ?? secret) : undefined,
      async openSession(key: string) {
        const principal = options.keys ? principals.get(key) : undefined
        const session = `trs_${randomBytes(32).toString('base64url')}`
        if (principal) sessions.set(session, key)
        return principal && { session, principal, lastsMs: 3_600_000 }
      },
      closeSession: async (session: string) => void sessions.delete(session),
      required: async () => options.keys ?? false,
    },
    sources: { ...absent<Platform['sources']>('sources'), find: async () => undefined },
    lagMs: async () => 0,
    idempotency: memoryIdempotency(),
    ...parts,
  }
  return new Proxy(known as Platform, {
    get: (target, name: string) => Reflect.get(target, name) ?? absent(name),
  })
}

export function stubApp(platform: Platform, config: Partial<AppOptions['config']> = {}): App {
  return createApp({ platform, log: createLog('silent'), config: { loopbackOnly: true, ...config } })
}

/** The text of an answer's JSON, or what it is instead. */
export async function call(
  app: App,
  line: string,
  init: RequestInit = {},
): Promise<{ response: Response; body: Body }> {
  const [method = 'GET', path = line] = line.split(' ')
  const response = await app.fetch(new Request(`http://localhost${path}`, { method, ...init }))
  const text = await response.text()
  const body: Body = text.startsWith('{') ? (JSON.parse(text) as Body) : {}
  return { response, body }
}
export type Body = Record<string, unknown>

export function jsonInit(value: unknown, headers: Record<string, string> = {}): RequestInit {
  const body = typeof value === 'string' ? value : JSON.stringify(value)
  return { headers: { 'content-type': 'application/json', ...headers }, body }
}

function absent<T extends object>(name: string): T {
  return new Proxy({} as T, {
    get: (_target, method) => () => {
      throw new Error(`${name}.${String(method)} is not part of this test`)
    },
  })
}

function memoryIdempotency(): IdempotencyApi {
  const kept = new Map<string, { hash: string; answer?: StoredAnswer }>()
  return {
    async begin(by, key, request, hash) {
      const id = `${by.team} ${key} ${request}`
      const known = kept.get(id)
      if (!known) kept.set(id, { hash })
      if (!known) return { state: 'new' }
      if (known.hash !== hash) throw new AppError('idempotency.body_differs', 'other body')
      return known.answer ? { state: 'finished', answer: known.answer } : { state: 'running' }
    },
    async finish(by, key, request, answer) {
      const known = kept.get(`${by.team} ${key} ${request}`)
      if (known) known.answer = answer
    },
    async abandon(by, key, request) {
      kept.delete(`${by.team} ${key} ${request}`)
    },
  }
}
