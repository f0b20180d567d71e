import { z } from 'zod'
import type * as actorsApi from '../../actors/agents/inspect/actors-api.ts'
import { Anything, Time } from '../wire/words.ts'
import { Address, Count, named, type View } from './view.ts'

export const ActorSummary = named(
  'ActorSummary',
  z.strictObject({
    address: Address,
    kind: z.string(),
    key: z.string(),
    status: z.string(),
    value: Anything,
    revision: Count,
    updatedAt: Time,
  }) satisfies View<actorsApi.ActorSummary>,
)

export const HistoryEntry = z.strictObject({
  address: z.string(),
  revision: z.int(),
  messageId: z.string(),
  event: Anything,
  from: Anything,
  to: Anything,
  status: z.string(),
  effects: z.array(Anything),
  handled: z.boolean(),
  sender: z.string().nullable(),
  cause: z.string().nullable(),
  machineHash: z.string(),
  at: Time,
  cursor: z.string(),
})
