import { z } from 'zod'
import type { BulkOutcome } from '../../actors/agents/instances/bulk-api.ts'
import { INSTANCE_ACTIONS } from '../../actors/agents/instances/instance-actions.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { Count, type View } from '../views/view.ts'
import { json } from '../wire/reply.ts'
import { Id, Reason, Text } from '../wire/words.ts'

const MOST_IDS = 5_000

/** Names at least one thing; whoever means all of them says so. */
function selectorOf<Shape extends z.ZodRawShape>(shape: Shape) {
  return z
    .strictObject({ ...shape, all: z.literal(true).optional().describe('Instead of anything else: all there are') })
    .refine((selector) => Object.values(selector).some((value) => value !== undefined), {
      message: 'expected at least one of its members, or {"all": true}',
    })
}

/** The same done to many: each answers for itself, and a dry run tells what would happen. */
export function bulkRoutes({ platform: { bulk } }: Deps): Route[] {
  return [
    route('POST /v1/instances/bulk', {
      tag: 'instances',
      summary: 'One command to many instances, or what they would answer to it',
      body: z.strictObject({
        selector: selectorOf({
          ids: z.array(Id).min(1).max(MOST_IDS).optional(),
          state: Text.optional(),
          agent: Id.optional(),
          device: Id.optional(),
          q: Text.optional(),
        }),
        action: z.enum(INSTANCE_ACTIONS),
        reason: Reason.default(''),
        dryRun: z.boolean().default(false),
      }),
      answers: { 200: Outcome },
      async handle({ by, body: { selector, ...request } }) {
        const { all: _all, ...rest } = selector
        return json(await bulk.instances(by, { selector: rest, ...request }))
      },
    }),
    route('POST /v1/dead-letters/bulk', {
      tag: 'dead letters',
      summary: 'Send many again, or leave them at that',
      body: z.strictObject({
        selector: selectorOf({
          ids: z.array(z.int().min(1)).min(1).max(MOST_IDS).optional(),
          address: Text.optional(),
          type: Text.optional().describe('Type of the event'),
        }),
        action: z.enum(['redrive', 'discard']),
        dryRun: z.boolean().default(false),
      }),
      answers: { 200: Outcome },
      async handle({ by, body: { selector, ...request } }) {
        const { all: _all, ...rest } = selector
        return json(await bulk.deadLetters(by, { selector: rest, ...request }))
      },
    }),
  ]
}

const Outcome = z.strictObject({
  dryRun: z.boolean(),
  matched: Count,
  done: Count.describe('In a dry run: would be done'),
  refused: Count,
  failed: Count,
  items: z.array(
    z.strictObject({
      id: z.string(),
      address: z.string(),
      result: z.enum(['done', 'accepted', 'refused', 'failed']),
      reason: z.string().nullable(),
    }),
  ),
}) satisfies View<BulkOutcome>
