import { z } from 'zod'
import type * as devicesApi from '../../actors/agents/devices/devices-api.ts'
import type * as locksApi from '../../actors/agents/devices/locks-api.ts'
import { Anything, Time } from '../wire/words.ts'
import { Count, named, type View } from './view.ts'

export const Device = named(
  'Device',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    kind: z.string(),
    pool: z.string(),
    host: z.string(),
    labels: Anything,
    gateway: z.string(),
    connectivity: z.string(),
    health: z.string(),
    maintenance: Anything,
    holder: z
      .strictObject({
        ticket: z.string(),
        owner: z.strictObject({ kind: z.string(), id: z.string() }),
        token: z.int(),
        reason: z.string().nullable(),
        grantedAt: Time,
        expiresAt: Time,
      })
      .nullable(),
    doubt: z
      .strictObject({ reason: z.string().nullable(), by: z.string().nullable(), since: Time })
      .nullable()
      .describe('Why nobody is given it, where it is suspect or bad: until somebody vouches for it'),
    queue: Count,
    updatedAt: Time,
  }) satisfies View<devicesApi.DeviceView>,
)

export const Ticket = named(
  'Ticket',
  z.strictObject({
    ticket: z.string(),
    pool: z.string(),
    owner: z.strictObject({ kind: z.string(), id: z.string() }),
    state: z.string(),
    position: Count.nullable(),
    priority: z.int(),
    wants: Anything,
    devices: z.array(z.strictObject({ device: z.string(), token: z.int(), expiresAt: Time })),
    reason: z.string().nullable(),
    enqueuedAt: Time,
  }) satisfies View<locksApi.TicketView>,
)
