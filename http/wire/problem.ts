import { STATUS_CODES } from 'node:http'
import { HTTPException } from 'hono/http-exception'
import { AppError, type ErrorCode } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'

/** Where a problem happened, for the answer and for whoever looks for it in the log. */
export interface Occasion {
  /** Path of the request. */
  instance: string
  requestId: string
  log: Log
}

interface Told {
  code: ErrorCode
  status: number
  detail: string
  retryable: boolean
  details?: Record<string, unknown>
}

/**
 * Any failure as `application/problem+json` (RFC 9457), with our `code` and the facts of the error beside the standard
 * members. Of what broke inside nothing is told but the request id, under which the log has the rest.
 */
export function problemResponse(error: unknown, { instance, requestId, log }: Occasion): Response {
  const { code, status, detail, retryable, details } = tell(error)
  if (status >= 500) log.error({ requestId, err: error }, 'request failed')
  const title = STATUS_CODES[status] ?? 'Error'
  const type = `urn:troupe:problem:${code}`
  const body = { ...details, type, title, status, detail, instance, code, retryable, requestId }
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headersFor(status, details) },
  })
}

/** 500 and 503 may carry SQL, a path or an address in their message; the other codes are written for the caller. */
function tell(error: unknown): Told {
  if (error instanceof HTTPException && error.status < 500) {
    const code = CODES.get(error.status) ?? 'request.invalid'
    return { code, status: error.status, detail: error.message, retryable: false }
  }
  if (!(error instanceof AppError)) return { ...SILENT, code: 'internal', status: 500, retryable: false }
  const { code, status, message, retryable, details } = error
  if (status === 500) return { ...SILENT, code, status, retryable }
  if (code === 'database.unavailable') return { code, status, retryable, detail: 'The database does not answer' }
  return { code, status, detail: message, retryable, details }
}

const SILENT = { detail: 'Something broke on our side. The log has it under this request id.' }

/** What Hono itself refuses. */
const CODES = new Map<number, ErrorCode>([
  [401, 'auth.missing_key'],
  [403, 'auth.forbidden'],
  [404, 'request.not_found'],
  [405, 'request.method_not_allowed'],
  [413, 'request.too_large'],
  [415, 'request.unsupported_media_type'],
])

function headersFor(status: number, details: Record<string, unknown> | undefined): Record<string, string> {
  if (status === 401) return { 'www-authenticate': 'Bearer realm="troupe"' }
  if (status === 405 && typeof details?.allowed === 'string') return { allow: details.allowed }
  if (status !== 429 && status !== 503) return {}
  return { 'retry-after': typeof details?.retryAfter === 'number' ? String(details.retryAfter) : '1' }
}
