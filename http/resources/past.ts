import { z } from 'zod'
import { address } from '../../core/address.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { HistoryEntry } from '../views/actor-views.ts'
import { Address, Count } from '../views/view.ts'
import { json, pathOf, shown } from '../wire/reply.ts'
import { Anything, Id, Kind, Time, whole } from '../wire/words.ts'

const tag = 'actors'
const One = z.strictObject({ kind: Kind, key: Id })
const Revision = whole(1, Number.MAX_SAFE_INTEGER - 1)

/** Actors as they were at a revision, and new ones that begin there. */
export function pastRoutes({ platform: { past } }: Deps): Route[] {
  return [
    route('GET /v1/actors/:kind/:key/replay', {
      tag,
      summary: 'Its state, context and mailbox as of a revision, by replay of its history',
      params: One,
      query: z.strictObject({ at: Revision }),
      answers: { 200: Moment },
      handle: async ({ by, params, query }) => shown(await past.at(by, address(params.kind, params.key), query.at)),
    }),
    route('POST /v1/actors/:kind/:key/fork', {
      tag,
      summary: 'A new actor that begins as this one was at a revision',
      description:
        'Its history begins with that state, its delays are armed anew, its living children come along as actors of their ' +
        'own; mail that was on its way does not. Work that was under way is held, unless `work` says `repeat`. Forks of ' +
        'agents, runs and alerts are `sealed`: they step, and nothing that they ask for is done. Devices and locks are refused.',
      params: One,
      query: z.strictObject({ at: Revision }),
      body: z.strictObject({
        key: Id.optional().describe('Default: a new one'),
        work: z.enum(['hold', 'repeat']).default('hold'),
      }),
      answers: { 201: Fork },
      async handle({ by, params, query, body: { key, work } }) {
        const options = { at: query.at, work, ...(key === undefined ? {} : { key }) }
        const fork = await past.fork(by, address(params.kind, params.key), options)
        return json(fork, { status: 201, headers: { location: pathOf('actors', ...fork.address.split('/')) } })
      },
    }),
  ]
}

const Was = { value: Anything, context: Anything }

const Moment = z.strictObject({
  revision: Count,
  ...Was,
  status: z.string(),
  active: z.array(z.string()),
  before: z.strictObject(Was).nullable().describe('One revision earlier; null at its birth'),
  entry: HistoryEntry,
  mailbox: z
    .array(
      z.strictObject({
        messageId: z.string(),
        event: Anything,
        sender: z.string().nullable(),
        cause: z.string().nullable(),
        acceptedAt: Time,
        takenAt: Count.nullable().describe('The revision that took it later; null where it still waits'),
      }),
    )
    .nullable()
    .describe('Null where nobody wrote down when messages came'),
  otherDefinitions: Count,
  equal: z
    .boolean()
    .optional()
    .describe('Whether replay gives the stored state, byte for byte; of the latest revision'),
})

const Work = z.array(z.strictObject({ address: Address, id: z.string(), src: z.string() }))

const Fork = z.strictObject({
  address: Address,
  forkedFrom: z.strictObject({ address: Address, revision: Count }),
  sealed: z.boolean(),
  delays: z.array(z.string()).describe('Timers that were armed anew, in full'),
  held: Work.describe('Work that was under way and is not done again'),
  repeated: Work,
})
