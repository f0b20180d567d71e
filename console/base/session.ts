import { signal } from '@preact/signals'
import type { Session } from '../api/answers.ts'
import { getJson, send, tellUnauthorized } from '../api/client.ts'

export type Role = Session['role']
const RANK: Record<Role, number> = { viewer: 0, operator: 1, approver: 2, admin: 3 }

/** Who is here; `unknown` until the server has answered, `anonymous` where it asks for a key. */
export const session = signal<Session | 'unknown' | 'anonymous'>('unknown')

/** Whether the person may do what takes this role. What they may not do is not shown. */
export function may(role: Role): boolean {
  const who = session.value
  return typeof who === 'object' && RANK[who.role] >= RANK[role]
}

/** Asks who this is. Throws `ApiError` where the server gives no answer at all. */
export async function readSession(): Promise<void> {
  session.value = await getJson<Session>('/v1/session')
}

/** Gives the key to the server, which keeps it in a cookie that no script can read. Throws `ApiError`. */
export async function logIn(key: string): Promise<void> {
  session.value = await send<Session>('POST', '/v1/session', { body: { key } })
}

export async function logOut(): Promise<void> {
  await send<null>('DELETE', '/v1/session')
  location.reload()
}

tellUnauthorized(() => {
  session.value = 'anonymous'
})
