import { z } from 'zod'
import type * as schedulesApi from '../../actors/agents/schedules/schedules-api.ts'
import { Anything, Time } from '../wire/words.ts'
import { Address, Count, named, type View } from './view.ts'

export const CatchUp = z
  .enum(['none', 'last', 'all'])
  .describe('What becomes of slots that nobody was there for: nothing, the latest one is sent, or all of them are')

export const Schedule = named(
  'Schedule',
  z.strictObject({
    id: z.string(),
    address: Address,
    description: z.string(),
    cron: z.string(),
    timezone: z.string(),
    words: z.string().describe('The rule in words'),
    type: z.string(),
    subject: z.string().nullable(),
    data: z.record(z.string(), Anything),
    priority: z.int(),
    catchUp: CatchUp,
    maxDelayMs: Count,
    jitterMs: Count,
    startAt: Time.nullable(),
    endAt: Time.nullable(),
    state: z.string().describe('`active`, `paused`, or `ended`: no slot is to come'),
    version: Count.describe('Counts its changes; the `ETag` of it'),
    next: z.array(Time).describe('The next slots, at most five'),
    last: z
      .array(
        z.strictObject({
          slot: Time,
          outcome: z
            .string()
            .describe('`slot`: sent in time. `catch-up`, `backfill`, `manual`: sent so. `missed`: not sent'),
          at: Time,
        }),
      )
      .describe('The last slots, at most five, the latest first'),
    fired: Count,
    missed: Count.describe('Slots that nobody was there for, made up for or not'),
    createdAt: Time,
    changedAt: Time,
  }) satisfies View<schedulesApi.ScheduleView>,
)

export const SlotsPreview = named(
  'SlotsPreview',
  z.strictObject({
    words: z.string(),
    next: z.array(Time),
    previous: z.array(Time).describe('The latest first'),
  }) satisfies View<schedulesApi.SlotsView>,
)
