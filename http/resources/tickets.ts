import { z } from 'zod'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { Device, Ticket } from '../views/lab-views.ts'
import { pageOf } from '../views/view.ts'
import { wholeList } from '../wire/page.ts'
import { json, noContent, pathOf } from '../wire/reply.ts'
import { Wait, waitMsOf } from '../wire/wait.ts'
import { Id, Reason, Text } from '../wire/words.ts'

const tag = 'locks'
const One = z.strictObject({ id: Id })
const Name = Text.max(200)
const Wants = z.strictObject({
  devices: z.array(Name).max(200).optional().describe('Any of these, or all of them with `all`'),
  all: z.boolean().optional(),
  kind: Name.optional(),
  labels: z.record(Name, z.string().max(512)).optional(),
  count: z.int().min(1).max(200).optional(),
})

/** Locks: who holds which device, who waits, and how to ask for one. */
export function lockRoutes({ platform: { locks } }: Deps): Route[] {
  return [
    route('GET /v1/locks', {
      tag,
      summary: 'Devices that are held',
      answers: { 200: pageOf(Device) },
      handle: async ({ by }) => wholeList(await locks.list(by)),
    }),
    route('GET /v1/pools/:id/queue', {
      tag,
      summary: 'Who waits for devices of a pool, in the order of their turns',
      params: One,
      answers: { 200: pageOf(Ticket) },
      handle: async ({ by, params }) => wholeList(await locks.queue(by, params.id)),
    }),
    route('POST /v1/tickets', {
      tag,
      summary: 'Ask for devices: granted at once, or a place in the queue',
      description: 'With an Idempotency-Key, the same owner and key is the same ticket.',
      body: z.strictObject({
        pool: Id,
        wants: Wants,
        priority: z.int().min(0).max(100).optional(),
        ttlMs: z.int().min(100).max(86_400_000).optional().describe('Lease; renew it before it ends'),
        maxHoldMs: z.int().min(100).max(604_800_000).optional(),
        reason: Reason.optional(),
      }),
      answers: { 201: Ticket, 202: Ticket },
      async handle({ by, body, key }) {
        const ticket = await locks.create(by, { ...body, ...(key === undefined ? {} : { key }) })
        const headers = { location: pathOf('tickets', ticket.ticket) }
        return json(ticket, { status: ticket.devices.length > 0 ? 201 : 202, headers })
      },
    }),
    route('GET /v1/tickets/:id', {
      tag,
      summary: 'A ticket; `?wait=30s` answers as soon as it is granted',
      params: One,
      query: z.strictObject({ wait: Wait.optional() }),
      answers: { 200: Ticket },
      async handle({ by, params, query }) {
        return json(await locks.get(by, params.id, waitMsOf(query.wait)))
      },
    }),
    route('POST /v1/tickets/:id/renew', {
      tag,
      summary: 'Keep what it holds for another lease',
      params: One,
      answers: { 200: Ticket },
      handle: async ({ by, params }) => json(await locks.renew(by, params.id)),
    }),
    route('DELETE /v1/tickets/:id', {
      tag,
      summary: 'Release what it holds, or leave the queue',
      params: One,
      answers: { 204: 'Released' },
      async handle({ by, params }) {
        await locks.release(by, params.id)
        return noContent()
      },
    }),
  ]
}
