import type { z } from 'zod'
import { AppError } from '../core/errors.ts'
import type { Json } from '../core/json.ts'
import { parseJson } from '../core/parse-json.ts'
import type { HeldDevice, ToolCall } from '../core/tool.ts'
import { boundedSignal, callFailure } from './bounded.ts'
import { gatewayRefusal } from './gateway-refusal.ts'
import { type HttpQuery, sendToNeighbour } from './http-client.ts'

const LIMIT_MS = 10_000
const MAX_JSON_BYTES = 1024 * 1024
const MAX_IMAGE_BYTES = 16 * 1024 * 1024

/** What the gateway tells about the held device. */
export async function readDevice<T extends Json>(call: ToolCall, answer: z.ZodType<T>): Promise<T> {
  return parseAnswer(await ask(call, '', { method: 'GET' }, MAX_JSON_BYTES), answer)
}

/** A fresh picture of the held device's screen, PNG. */
export async function readScreen(call: ToolCall): Promise<Uint8Array> {
  return ask(call, '/screenshot', { method: 'GET', headers: { accept: 'image/png' } }, MAX_IMAGE_BYTES)
}

/**
 * Commands the held device. The token proves that the run still holds it, and the gateway answers a repeated
 * idempotency key without touching the device again: that is why the tools built on this are idempotent.
 */
export async function command<T extends Json>(
  call: ToolCall,
  name: string,
  args: Json,
  answer: z.ZodType<T>,
): Promise<T> {
  const device = heldDevice(call)
  const headers = {
    'content-type': 'application/json',
    'lab-fence': `${device.id}:${device.token}`,
    'idempotency-key': call.idempotencyKey,
  }
  return parseAnswer(
    await ask(call, `/${name}`, { method: 'POST', headers, body: JSON.stringify(args) }, MAX_JSON_BYTES),
    answer,
  )
}

/** Throws `tool.bad_input` when the run holds no device. */
export function heldDevice(call: ToolCall): HeldDevice {
  if (call.device === null) throw new AppError('tool.bad_input', 'This tool needs a device, and the run holds none')
  return call.device
}

type Asked = Pick<HttpQuery, 'method'> & Partial<Pick<HttpQuery, 'headers' | 'body'>>

async function ask(
  call: ToolCall,
  path: string,
  { method, headers = {}, body }: Asked,
  maxBytes: number,
): Promise<Uint8Array> {
  const device = heldDevice(call)
  const { id } = device
  const url = gatewayAddress(device, path)
  try {
    const signal = boundedSignal(call.signal, LIMIT_MS)
    const { status, bytes } = await sendToNeighbour({ method, url, headers, body }, { signal, maxBytes })
    // A gateway has no reason to send us elsewhere, and the fence must not travel.
    if (status >= 300 && status < 400) throw new AppError('tool.unavailable', `The gateway of ${id} sends elsewhere`)
    if (status < 200 || status > 299) throw gatewayRefusal(id, status, bytes)
    return bytes
  } catch (cause) {
    throw callFailure(cause, `The gateway of ${id}`, call.signal)
  }
}

/** Where a gateway has something of a device. Throws `tool.address_refused`. */
export function gatewayAddress({ id, gateway }: { id: string; gateway: string }, path: string): string {
  const url = `${gateway.replace(/\/+$/, '')}/devices/${encodeURIComponent(id)}${path}`
  // Where a question mark stands, what follows names no device; stored before that was refused.
  if (/[?#]/.test(url)) throw new AppError('tool.address_refused', `The gateway of ${id} is not a base of addresses`)
  return url
}

function parseAnswer<T extends Json>(bytes: Uint8Array, answer: z.ZodType<T>): T {
  const result = answer.safeParse(parseJson(bytes, 'tool.bad_output'))
  if (result.success) return result.data
  throw new AppError('tool.bad_output', 'The gateway answered something else than was agreed', { cause: result.error })
}
