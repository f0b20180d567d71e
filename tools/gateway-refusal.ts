import { z } from 'zod'
import { AppError, type ErrorCode } from '../core/errors.ts'
import { parseJson } from '../core/parse-json.ts'

const Problem = z.object({ code: z.string().max(64).optional(), detail: z.string().optional() })

const BY_PROBLEM = new Map<string, ErrorCode>([
  ['stale_fence', 'lock.stale_token'],
  ['device_offline', 'device.offline'],
  ['device_not_found', 'device.not_found'],
])

/** The gateway's problem+json in our words. The problem's code decides; without one, the HTTP status does. */
export function gatewayRefusal(device: string, status: number, body: Uint8Array): AppError {
  const { code, detail } = readProblem(body)
  const known = code === undefined ? undefined : BY_PROBLEM.get(code)
  const said = detail === undefined ? '' : `: ${detail.slice(0, 300)}`
  return new AppError(known ?? byStatus(status, code), `The gateway of ${device} answered ${status}${said}`, {
    details: { device, status, ...(code === undefined ? {} : { gatewayCode: code }) },
  })
}

function byStatus(status: number, code: string | undefined): ErrorCode {
  if (status === 412 && code === undefined) return 'lock.stale_token'
  return status >= 500 || status === 429 ? 'tool.unavailable' : 'tool.failed'
}

function readProblem(body: Uint8Array): z.infer<typeof Problem> {
  try {
    return Problem.parse(parseJson(body))
  } catch {
    // A proxy in between answers in HTML; the status is all it says.
    return {}
  }
}
