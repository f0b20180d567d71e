import { z } from 'zod'
import { SESSION_COOKIE, sessionOf } from '../door/auth.ts'
import type { Deps } from '../route/deps.ts'
import { type Call, type Route, route } from '../route/route.ts'
import { json, noContent } from '../wire/reply.ts'

const tag = 'session'
const Me = z.strictObject({ name: z.string(), team: z.string(), role: z.string() })

/**
 * The console's way in: for a key it gets a session, which is good for some hours and no longer than the key, in a cookie
 * that no script can read and no other site can use. The key itself is kept nowhere.
 */
export function sessionRoutes({ auth, platform: { keys } }: Deps): Route[] {
  return [
    route('POST /v1/session', {
      tag,
      summary: 'Log in with a key',
      unstored: true,
      body: z.strictObject({ key: z.string().max(300) }),
      answers: { 200: Me },
      async handle(call) {
        const { session, principal, lastsMs } = await auth.logIn(call.body.key, call.peer)
        return json(principal, { headers: { 'set-cookie': cookie(call, session, lastsMs / 1000) } })
      },
    }),
    route('GET /v1/session', {
      tag,
      summary: 'Who I am',
      answers: { 200: Me },
      handle: ({ by }) => json(by),
    }),
    route('DELETE /v1/session', {
      tag,
      summary: 'Log out',
      answers: { 204: 'Logged out' },
      async handle(call) {
        const session = sessionOf(call.request)
        if (session !== undefined) await keys.closeSession(session)
        return noContent({ 'set-cookie': cookie(call, '', 0) })
      },
    }),
  ]
}

function cookie({ secure }: Pick<Call, 'secure'>, value: string, seconds: number): string {
  return `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure ? '; Secure' : ''}`
}
