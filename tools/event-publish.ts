import { z } from 'zod'
import { EventType, JsonValue } from '../core/event.ts'
import { defineTool } from './define-tool.ts'

/** The same step never publishes twice, so a repeat after a crash changes nothing. */
export const eventPublish = defineTool({
  id: 'event.publish',
  description: 'Publishes an event, which other agents may hear',
  safety: 'idempotent',
  needsDevice: false,
  input: z.strictObject({
    type: EventType,
    subject: z.string().min(1).max(256).optional(),
    data: JsonValue.optional(),
  }),
  output: z.strictObject({ event: z.string() }),
  call: async (event, call) => {
    const { id } = await call.publish(event)
    return { event: id }
  },
})
