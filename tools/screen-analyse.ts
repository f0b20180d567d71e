import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { AppError } from '../core/errors.ts'
import type { ToolCall } from '../core/tool.ts'
import { callFailure } from './bounded.ts'
import { defineTool } from './define-tool.ts'
import { heldDevice, readScreen } from './gateway.ts'
import { changedRatio, darkness } from './pixels.ts'
import { decodePng, type Pixels } from './png.ts'

const BLACK_RATIO = 0.95
const FROZEN_RATIO = 0.008
const BETWEEN_FRAMES_MS = 300

// Not strict: what device.screenshot answered may be handed on as it is.
const Evidence = z.object({ evidence: z.string().min(1).max(256) })
const Live = z.object({ device: z.string().min(1).max(256) })

const Verdict = z.strictObject({
  /** More than 95 % of the pixels have luma ≤ 10. */
  black: z.boolean(),
  blackRatio: z.number(),
  /** Mean luma, 0 to 255. */
  brightness: z.number(),
  /** Less than 0.8 % of the pixels changed within 300 ms; only when it was asked. */
  frozen: z.boolean().optional(),
  changedRatio: z.number().optional(),
  width: z.int(),
  height: z.int(),
  /** The picture that was judged. */
  image: z.strictObject({ evidence: z.string() }),
})

/** Judges pixels, never what the lab says about itself. */
export const screenAnalyse = defineTool({
  id: 'screen.analyse',
  description: 'Judges a screenshot, or the live screen of the held device: black, brightness, and frozen when asked',
  safety: 'pure',
  needsDevice: false,
  permission: 'devices:read',
  input: z.strictObject({
    image: z.union([Evidence, Live], 'expected { evidence: id } or { device: id }'),
    /** Takes a second picture 300 ms later; a stored picture cannot tell. */
    frozen: z.boolean().default(false),
  }),
  output: Verdict,
  call: async ({ image, frozen }, call) => {
    if ('device' in image) return judgeLive(image.device, frozen, call)
    if (frozen)
      throw new AppError(
        'tool.bad_input',
        'One stored picture cannot tell whether the screen is frozen: give the device',
      )
    return { ...judge(await loadPicture(image.evidence, call)), image: { evidence: image.evidence } }
  },
})

async function judgeLive(device: string, frozen: boolean, call: ToolCall): Promise<z.infer<typeof Verdict>> {
  // A run sees through the device it holds, and through no other.
  if (heldDevice(call).id !== device)
    throw new AppError('tool.bad_input', `The run does not hold ${device.slice(0, 80)}`)
  const bytes = await readScreen(call)
  const first = decodePng(bytes, 'tool.bad_output')
  const verdict = { ...judge(first), ...(frozen ? await compareLater(first, call) : {}) }
  return { ...verdict, image: { evidence: await call.saveEvidence(bytes, 'image/png') } }
}

async function compareLater(first: Pixels, call: ToolCall): Promise<{ frozen: boolean; changedRatio: number }> {
  try {
    await delay(BETWEEN_FRAMES_MS, undefined, { signal: call.signal })
  } catch (cause) {
    throw callFailure(cause, 'the screen', call.signal)
  }
  const changed = changedRatio(first, decodePng(await readScreen(call), 'tool.bad_output'))
  return { frozen: changed < FROZEN_RATIO, changedRatio: changed }
}

function judge(pixels: Pixels): {
  black: boolean
  blackRatio: number
  brightness: number
  width: number
  height: number
} {
  const { blackRatio, brightness } = darkness(pixels)
  return { black: blackRatio > BLACK_RATIO, blackRatio, brightness, width: pixels.width, height: pixels.height }
}

async function loadPicture(evidence: string, call: ToolCall): Promise<Pixels> {
  const found = await call.loadEvidence(evidence)
  if (!found) throw new AppError('tool.bad_input', `There is no evidence ${evidence.slice(0, 80)}`)
  return decodePng(found.bytes, 'tool.bad_input')
}
