import { z } from 'zod'
import { JsonValue } from '../core/event.ts'
import { defineTool } from './define-tool.ts'
import { command } from './gateway.ts'

const Cleaned = z.object({ accepted: z.boolean() }).catchall(JsonValue)

/** Idempotent, since a clean device stays clean. */
export const deviceCleanup = defineTool({
  id: 'device.cleanup',
  description: 'Brings the device back to its home screen and default channel, for whoever comes next',
  safety: 'idempotent',
  needsDevice: true,
  permission: 'devices:take_control',
  input: z.strictObject({}),
  output: Cleaned,
  call: async (_input, call) => command(call, 'cleanup', {}, Cleaned),
})
