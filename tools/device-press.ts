import { z } from 'zod'
import { JsonValue } from '../core/event.ts'
import { defineTool } from './define-tool.ts'
import { command } from './gateway.ts'

const Pressed = z.object({ accepted: z.boolean() }).catchall(JsonValue)

/** Idempotent, since the gateway presses once per idempotency key. */
export const devicePress = defineTool({
  id: 'device.press',
  description: 'Presses a key of the remote control, for example HOME, OK or CHANNEL_UP',
  safety: 'idempotent',
  needsDevice: true,
  permission: 'devices:take_control',
  input: z.strictObject({ key: z.string().regex(/^[A-Za-z0-9_]{1,40}$/, 'expected a key name, for example HOME') }),
  output: Pressed,
  call: async ({ key }, call) => command(call, 'press', { key }, Pressed),
})
