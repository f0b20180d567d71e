import { z } from 'zod'
import { SESSION_COOKIE } from './auth.ts'
import type { Deps } from './deps.ts'
import { json, noContent } from './reply.ts'
import { type Route, route } from './route.ts'

const tag = 'session'
const Me = z.strictObject({ name: z.string(), team: z.string(), role: z.string() })
const HOURS = 12

/** The console's way to hold a key: in a cookie that no script can read and no other site can use. */
export function sessionRoutes({ auth }: Deps): Route[] {
  return [
    route('POST /v1/session', {
      tag,
      summary: 'Log in with a key',
      unstored: true,
      body: z.strictObject({ key: z.string().max(300) }),
      answers: { 200: Me },
      async handle({ body, peer, request }) {
        const principal = await auth.check(body.key, peer)
        return json(principal, { headers: { 'set-cookie': cookie(request, body.key, HOURS * 3600) } })
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
      handle: ({ request }) => noContent({ 'set-cookie': cookie(request, '', 0) }),
    }),
  ]
}

function cookie(request: Request, value: string, seconds: number): string {
  const secure = new URL(request.url).protocol === 'https:' ? '; Secure' : ''
  return `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`
}
