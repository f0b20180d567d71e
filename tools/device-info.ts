import { z } from 'zod'
import { JsonValue } from '../core/event.ts'
import { defineTool } from './define-tool.ts'
import { readDevice } from './gateway.ts'

const DeviceInfo = z.record(z.string(), JsonValue)

export const deviceInfo = defineTool({
  id: 'device.info',
  description: 'Tells what the lab knows about the device now: power, connection, channel, labels',
  safety: 'pure',
  needsDevice: true,
  permission: 'devices:read',
  input: z.strictObject({}),
  output: DeviceInfo,
  call: async (_input, call) => readDevice(call, DeviceInfo),
})
