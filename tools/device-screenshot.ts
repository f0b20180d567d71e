import { z } from 'zod'
import type { ToolCall } from '../core/tool.ts'
import { defineTool } from './define-tool.ts'
import { readScreen } from './gateway.ts'
import { readPngSize } from './png.ts'

const Image = z.strictObject({ evidence: z.string(), mediaType: z.string(), width: z.int(), height: z.int() })

/** The picture is kept beside the run; the output says under which id. */
export const deviceScreenshot = defineTool({
  id: 'device.screenshot',
  description: "Takes a picture of the device's screen and keeps it as evidence",
  safety: 'pure',
  needsDevice: true,
  permission: 'devices:read',
  input: z.strictObject({}),
  output: z.strictObject({ image: Image }),
  call: async (_input, call) => {
    const bytes = await readScreen(call)
    return { image: await keepImage(call, bytes) }
  },
})

/** Stores a picture of the screen beside the run. Throws `tool.bad_output` for what is not a PNG. */
async function keepImage(call: ToolCall, bytes: Uint8Array): Promise<z.infer<typeof Image>> {
  const size = readPngSize(bytes, 'tool.bad_output')
  const mediaType = 'image/png'
  return { evidence: await call.saveEvidence(bytes, mediaType), mediaType, ...size }
}
