import { z } from 'zod'
import { ROLES } from '../../core/principal.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { AuditEntry, Key, NewKey } from '../views/admin-views.ts'
import { pageOf } from '../views/view.ts'
import { PageQuery, pageResponse, paging, wholeList } from '../wire/page.ts'
import { json, noContent } from '../wire/reply.ts'
import { Id, Instant, Text } from '../wire/words.ts'

/** No colon: it stands between a team and the names that are its own. */
const Team = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'expected lower-case letters, digits and - (at most 32)')

const End = Instant.describe('When it ends by itself')
const DEFAULT_GRACE_MS = 24 * 3_600_000
const MOST_GRACE_MS = 30 * DEFAULT_GRACE_MS

/** API keys, and what was done with them. */
export function keyRoutes({ platform: { keys, audit } }: Deps): Route[] {
  return [
    route('GET /v1/keys', {
      tag: 'keys',
      summary: 'Keys, without the keys themselves',
      answers: { 200: pageOf(Key) },
      handle: async ({ by }) => wholeList(await keys.list(by)),
    }),
    route('POST /v1/keys', {
      tag: 'keys',
      summary: 'Make a key; it is told this once',
      unstored: true,
      body: z.strictObject({ name: Text, role: z.enum(ROLES), team: Team.optional(), expiresAt: End.optional() }),
      answers: { 201: NewKey },
      async handle({ by, body: { expiresAt, ...body } }) {
        const { key, view } = await keys.create(by, { ...body, expiresAt: dateOf(expiresAt) })
        return json({ ...view, key }, { status: 201 })
      },
    }),
    route('POST /v1/keys/:id/rotate', {
      tag: 'keys',
      summary: 'Make a new key in the place of one, which is good for a while longer; it is told this once',
      unstored: true,
      params: z.strictObject({ id: Id }),
      body: z.strictObject({
        graceMs: z
          .int()
          .min(0)
          .max(MOST_GRACE_MS)
          .default(DEFAULT_GRACE_MS)
          .describe('How long the old key stays good'),
        expiresAt: End.optional(),
      }),
      answers: { 201: NewKey },
      async handle({ by, params, body: { graceMs, expiresAt } }) {
        const { key, view } = await keys.rotate(by, params.id, { graceMs, expiresAt: dateOf(expiresAt) })
        return json({ ...view, key }, { status: 201 })
      },
    }),
    route('DELETE /v1/keys/:id', {
      tag: 'keys',
      summary: 'Revoke a key',
      params: z.strictObject({ id: Id }),
      answers: { 204: 'Revoked' },
      async handle({ by, params }) {
        await keys.revoke(by, params.id)
        return noContent()
      },
    }),
    route('GET /v1/audit', {
      tag: 'keys',
      summary: 'Who did what',
      query: z.strictObject({
        ...PageQuery,
        principal: Text.optional(),
        action: Text.optional().describe('`agent.publish`, or all of a thing: `agent`'),
        target: Text.optional().describe('An id, or an address `kind/key`'),
      }),
      answers: { 200: pageOf(AuditEntry) },
      async handle({ by, request, query: { limit, cursor, ...filter } }) {
        return pageResponse(request, await audit.list(by, { ...paging({ limit, cursor }), ...filter }))
      },
    }),
  ]
}

function dateOf(time: string | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time)
}
