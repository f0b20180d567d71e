import { createHash } from 'node:crypto'
import type { IdempotencyApi } from '../../actors/agents/access/idempotency-api.ts'
import { AppError } from '../../core/errors.ts'
import type { Principal } from '../../core/principal.ts'

/** The Idempotency-Key of a request. Throws `request.invalid`. */
export function idempotencyKey(request: Request): string | undefined {
  const key = request.headers.get('idempotency-key') ?? undefined
  if (key === undefined || /^[\x21-\x7e]{1,200}$/.test(key)) return key
  throw new AppError('request.invalid', 'Idempotency-Key: expected 1 to 200 printable characters without spaces')
}

/**
 * Does a request that named itself once, and answers its repetitions as the first time. What failed on our side, or was
 * turned away before anything began, may be tried again under the same key.
 */
export async function once(
  store: IdempotencyApi,
  asked: {
    by: Principal
    key: string
    request: Request
    bytes: Uint8Array
    /** What it is a repetition of, in one spelling; absent: the method and the path as they were written. */
    name?: string | undefined
  },
  work: () => Promise<Response>,
): Promise<Response> {
  const { by, key, request, bytes, name = writtenName(request) } = asked
  const begun = await store.begin(by, key, name, hashOf(request, bytes))
  if (begun.state === 'running') {
    throw new AppError('idempotency.in_progress', 'The first request with this key is still at work')
  }
  if (begun.state === 'finished') {
    const { status, headers, body } = begun.answer
    return new Response(body === '' ? null : body, { status, headers: { ...headers, 'idempotency-replayed': 'true' } })
  }
  let response: Response
  try {
    response = await work()
  } catch (error) {
    await store.abandon(by, key, name)
    throw error
  }
  const body = await response.text()
  const headers = Object.fromEntries(response.headers)
  if (response.status >= 500 || response.status === 429) await store.abandon(by, key, name)
  else await store.finish(by, key, name, { status: response.status, headers, body })
  return new Response(body === '' ? null : body, { status: response.status, headers })
}

function writtenName(request: Request): string {
  const { pathname, search } = new URL(request.url)
  return `${request.method} ${pathname}${search}`.slice(0, 2000)
}

/** The media type belongs to the body: the same bytes as YAML are another request. */
function hashOf(request: Request, bytes: Uint8Array): string {
  return createHash('sha256')
    .update(request.headers.get('content-type') ?? '')
    .update('\0')
    .update(bytes)
    .digest('hex')
}
