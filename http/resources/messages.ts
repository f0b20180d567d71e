import { z } from 'zod'
import { address } from '../../core/address.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { expectedRevision } from '../wire/etag.ts'
import { json, pathOf } from '../wire/reply.ts'
import { Wait, waitMsOf } from '../wire/wait.ts'
import { Anything, Id, Kind } from '../wire/words.ts'
import { MachineEventBody, readMachineEvent } from './machine-event.ts'
import { BATCH, Rejected, readBatch } from './message-batch.ts'

const tag = 'actors'
const One = z.strictObject({ kind: Kind, key: Id })
const Waiting = z.strictObject({ wait: Wait.optional() })

const Accepted = z.strictObject({ address: z.string(), status: z.enum(['accepted', 'duplicate']) })
const Applied = z.strictObject({
  address: z.string(),
  status: z.enum(['applied', 'duplicate']),
  revision: z.int(),
  state: Anything,
  actor: z.string().describe('active, done, error or stopped'),
  handled: z.boolean().describe('False: no transition followed from it'),
})
const Results = z.strictObject({ results: z.array(z.union([Accepted, Applied, Rejected])) })

/** Births of actors, and mail for them. */
export function messageRoutes({ platform: { messages }, load }: Deps): Route[] {
  return [
    route('PUT /v1/actors/:kind/:key', {
      tag,
      summary: 'Start an actor of a machine that you brought (TROUPE_MACHINES), or find it as it is',
      params: One,
      body: z.strictObject({ input: Anything.optional() }),
      answers: {
        200: z.strictObject({ address: z.string(), created: z.literal(false) }),
        201: z.strictObject({ address: z.string(), created: z.literal(true) }),
      },
      async handle({ by, params, body }) {
        load.admit()
        const spawned = await messages.spawn(by, params.kind, params.key, body.input)
        const location = pathOf('actors', ...spawned.address.split('/'))
        return json(spawned, spawned.created ? { status: 201, headers: { location } } : {})
      },
    }),
    route('POST /v1/actors/:kind/:key/events', {
      tag,
      summary: 'Send an event that its machine knows',
      description:
        'Answers once it is durably accepted; with `?wait=10s`, once its transition is committed. Refused with 409, the ' +
        'state and the events it would accept. An Idempotency-Key is applied once, for ever.',
      params: One,
      query: Waiting,
      body: MachineEventBody,
      answers: { 200: Applied, 202: Accepted },
      async handle({ by, params, query, body, request, key }) {
        const event = readMachineEvent(by, body)
        const expected = expectedRevision(request)
        const waitMs = waitMsOf(query.wait)
        const answer = await messages.send(by, address(params.kind, params.key), event, {
          ...(key === undefined ? {} : { id: `key:${key}` }),
          ...(expected === undefined ? {} : { expected }),
          ...(waitMs === undefined ? {} : { waitMs }),
        })
        return json(answer, { status: waitMs === undefined ? 202 : 200 })
      },
    }),
    route('POST /v1/actors/events', {
      tag,
      summary: 'Send events to many actors',
      description:
        "A CloudEvents batch. `subject` is the actor's address (`kind/key`), `type` the event's type, `data` what belongs " +
        'to it; `source` and `id` name it, and one actor applies one name once, for ever. Answers what became of each, at ' +
        'its place; with `?wait=10s`, once all their transitions are committed.',
      query: Waiting,
      accepts: { [BATCH]: 'CloudEvents, batched' },
      answers: { 200: Results, 202: Results },
      async handle(call) {
        load.admit()
        const waitMs = waitMsOf(call.query.wait)
        const batch = readBatch(call)
        const answers = await messages.sendMany(call.by, batch.mail, waitMs === undefined ? {} : { waitMs })
        const results = batch.refused
        for (const [place, answer] of answers.entries()) results[batch.places[place] ?? results.length] = answer
        return json({ results }, { status: waitMs === undefined ? 202 : 200 })
      },
    }),
  ]
}
