import { z } from 'zod'
import { JsonValue } from '../core/event.ts'
import { defineTool } from './define-tool.ts'
import { command } from './gateway.ts'

const Cycled = z.object({ accepted: z.boolean(), readyInMs: z.number().min(0) }).catchall(JsonValue)

/** Answers at once; the device needs `readyInMs` to come back. Idempotent, since the gateway acts once per idempotency key. */
export const devicePowerCycle = defineTool({
  id: 'device.power_cycle',
  description: 'Switches the device off and on at its socket, and says after how many milliseconds it is ready',
  safety: 'idempotent',
  needsDevice: true,
  permission: 'devices:take_control',
  input: z.strictObject({}),
  output: Cycled,
  call: async (_input, call) => command(call, 'power_cycle', {}, Cycled),
})
