import { z } from 'zod'
import { isDuration, parseDuration } from '../core/duration.ts'
import { Wait } from '../core/tool.ts'
import { defineTool } from './define-tool.ts'

const LONGEST_MS = 30 * 86_400_000

const Duration = z
  .string()
  .refine(isDuration, 'expected a duration, for example 30s or 1h30m')
  .refine((text) => !isDuration(text) || parseDuration(text) <= LONGEST_MS, 'at most 30d')

/** Holds no worker while it waits: the delay is a durable timer. */
export const wait = defineTool({
  id: 'wait',
  description: 'Waits for a while, such as 30s or 1h30m, and then goes on',
  safety: 'pure',
  needsDevice: false,
  input: z.strictObject({ for: Duration }),
  output: z.strictObject({ waitedMs: z.int() }),
  call: async (input) => {
    const delayMs = parseDuration(input.for)
    return new Wait(delayMs, { waitedMs: delayMs })
  },
})
