import { z } from 'zod'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { Device } from '../views/lab-views.ts'
import { pageOf } from '../views/view.ts'
import { wholeList } from '../wire/page.ts'
import { json } from '../wire/reply.ts'
import { Id, Reason, Text } from '../wire/words.ts'

const tag = 'devices'
const One = z.strictObject({ id: Id })

/** Devices of the lab. The lab itself keeps them registered. */
export function deviceRoutes({ platform: { devices } }: Deps): Route[] {
  return [
    route('GET /v1/devices', {
      tag,
      summary: 'Devices, with their holders and queues',
      answers: { 200: pageOf(Device) },
      handle: async ({ by }) => wholeList(await devices.list(by)),
    }),
    route('GET /v1/devices/:id', {
      tag,
      summary: 'A device',
      params: One,
      answers: { 200: Device },
      handle: async ({ by, params }) => json(await devices.get(by, params.id)),
    }),
    route('PUT /v1/devices/:id', {
      tag,
      summary: 'Register a device, or report its connectivity',
      params: One,
      body: z.strictObject({
        kind: Text,
        pool: Id,
        host: Text,
        name: Text.optional(),
        labels: z.record(z.string().max(128), z.string().max(512)).optional(),
        gateway: z.url({ protocol: /^https?$/ }).max(512),
        connectivity: z.enum(['online', 'offline', 'unknown']),
      }),
      answers: { 200: Device },
      handle: async ({ by, params, body }) => json(await devices.register(by, params.id, body)),
    }),
    route('POST /v1/devices/:id/maintenance', {
      tag,
      summary: 'Keep it from being given out, or end that',
      params: One,
      body: z.strictObject({ on: z.boolean(), reason: Reason.default('') }),
      answers: { 200: Device },
      handle: async ({ by, params, body }) => json(await devices.maintenance(by, params.id, body.on, body.reason)),
    }),
    route('POST /v1/devices/:id/kick', {
      tag,
      summary: 'Take it from whoever holds it',
      params: One,
      body: z.strictObject({ reason: Reason.min(1) }),
      answers: { 200: Device },
      handle: async ({ by, params, body }) => json(await devices.kick(by, params.id, body.reason)),
    }),
    route('POST /v1/devices/:id/vouch', {
      tag,
      summary: 'Say that one in doubt is fit for work: it is given out again',
      params: One,
      body: z.strictObject({ reason: Reason.default('') }),
      answers: { 200: Device },
      handle: async ({ by, params, body }) => json(await devices.vouch(by, params.id, body.reason)),
    }),
  ]
}
