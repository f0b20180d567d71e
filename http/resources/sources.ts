import { z } from 'zod'
import type { SourceView } from '../../actors/agents/access/sources-api.ts'
import { AppError } from '../../core/errors.ts'
import { SOURCES } from '../../sources/catalog.ts'
import { SCHEMES } from '../../sources/signature.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { named, pageOf, type View } from '../views/view.ts'
import { wholeList } from '../wire/page.ts'
import { json, noContent } from '../wire/reply.ts'
import { Time } from '../wire/words.ts'

const tag = 'sources'
/** What a path of `/v1/ingest/` means by itself, with a key. */
export const BUILT_IN: ReadonlySet<string> = new Set(['auto', ...SOURCES.map(({ kind }) => kind)])
/** No colon: it stands between a team and the names that are its own. */
const Id = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected lower-case letters, digits and . _ - (at most 64)')
/** A source's id, after its team where that is not the first. */
export const SOURCE_PATH = /^(?:[a-z0-9][a-z0-9-]{0,31}:)?[a-z0-9][a-z0-9._-]{0,63}$/
const One = z.strictObject({ id: Id })
const Secret = z.string().min(1).max(300).describe('Absent: one is drawn')
const DAY_MS = 24 * 3_600_000

const source = {
  path: z.string().describe('What follows `/v1/ingest/`'),
  id: z.string(),
  kind: z.string(),
  scheme: z.string(),
  createdAt: Time,
  updatedAt: Time,
  lastUsedAt: Time.nullable(),
  formerUntil: Time.nullable().describe('Until when the secret before is taken too'),
}
const Source = named('Source', z.strictObject(source) satisfies View<SourceView>)
const SecretSource = named('SecretSource', z.strictObject({ ...source, secret: z.string().describe('Told this once') }))

/** Senders that have no key and sign what they send to `/v1/ingest/<path>`. */
export function sourceRoutes({ platform: { sources } }: Deps): Route[] {
  return [
    route('GET /v1/sources', {
      tag,
      summary: 'Senders that sign, without their secrets',
      answers: { 200: pageOf(Source) },
      handle: async ({ by }) => wholeList(await sources.list(by)),
    }),
    route('PUT /v1/sources/:id', {
      tag,
      summary: 'Make a sender that signs, or make it anew; its secret is told this once',
      params: One,
      body: z.strictObject({
        kind: z
          .enum([...BUILT_IN])
          .default('auto')
          .describe('Whose bodies it sends'),
        scheme: z.enum(SCHEMES).describe('How it signs; a request cannot choose another'),
        secret: Secret.optional(),
      }),
      answers: { 200: SecretSource },
      async handle({ by, params, body }) {
        if (BUILT_IN.has(params.id)) {
          throw new AppError('request.invalid', `path.id: "${params.id}" is a kind of sender: choose another name`)
        }
        const { view, secret } = await sources.put(by, params.id, body)
        return json({ ...view, secret })
      },
    }),
    route('POST /v1/sources/:id/rotate', {
      tag,
      summary: 'Give it a new secret, told this once; the one before is good for a while longer',
      unstored: true,
      params: One,
      body: z.strictObject({
        secret: Secret.optional(),
        graceMs: z
          .int()
          .min(0)
          .max(30 * DAY_MS)
          .default(DAY_MS)
          .describe('How long the secret before stays good'),
      }),
      answers: { 200: SecretSource },
      async handle({ by, params, body }) {
        const { view, secret } = await sources.rotate(by, params.id, body)
        return json({ ...view, secret })
      },
    }),
    route('DELETE /v1/sources/:id', {
      tag,
      summary: 'Take it away: what it sends is refused from now on',
      params: One,
      answers: { 204: 'Gone' },
      async handle({ by, params }) {
        await sources.remove(by, params.id)
        return noContent()
      },
    }),
  ]
}
