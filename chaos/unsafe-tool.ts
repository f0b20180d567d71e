import { z } from 'zod'
import { JsonValue } from '../core/event.ts'
import type { Tool } from '../core/tool.ts'
import { defineTool } from '../tools/define-tool.ts'

/** Does something to the world that must never be done twice; the world keeps count. */
export function unsafeTool(gateway: string): Tool {
  return defineTool({
    id: 'chaos.unsafe',
    description: 'An effect that nobody may repeat blindly',
    safety: 'unsafe',
    needsDevice: false,
    input: z.strictObject({}),
    output: JsonValue,
    async call(_input, { idempotencyKey, signal }) {
      const body = JSON.stringify({ key: idempotencyKey, pid: process.pid })
      const response = await fetch(`${gateway}/unsafe`, { method: 'POST', body, signal })
      await response.text()
      return { status: response.status }
    },
  })
}
