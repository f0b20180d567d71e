import { STATUS_CODES } from 'node:http'

const STATUS = {
  invalid_body: 400,
  invalid_fence: 400,
  invalid_idempotency_key: 400,
  device_not_found: 404,
  route_not_found: 404,
  stale_fence: 412,
  wrong_device: 412,
  body_too_large: 413,
  idempotency_key_reused: 422,
  fence_required: 428,
  internal: 500,
  device_offline: 503,
} as const
export type ProblemCode = keyof typeof STATUS

/** Any refusal of the gateway. The code is the contract; the detail is for people; `facts` are extra members of the answer. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly facts: Record<string, unknown>

  constructor(code: ProblemCode, detail: string, facts: Record<string, unknown> = {}) {
    super(detail)
    this.code = code
    this.facts = facts
  }

  /** RFC 9457. */
  response(): Response {
    const status = STATUS[this.code]
    const body = {
      type: 'about:blank',
      title: STATUS_CODES[status],
      status,
      detail: this.message,
      code: this.code,
      ...this.facts,
    }
    return Response.json(body, { status, headers: { 'content-type': 'application/problem+json' } })
  }
}
