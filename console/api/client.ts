import { ApiError } from './problem.ts'

const TIMEOUT_MS = 20_000

/** Who reads with a cookie that ended is told here, whichever part of the page noticed. */
let onUnauthorized: () => void = () => undefined
export function tellUnauthorized(listener: () => void): void {
  onUnauthorized = listener
}

export interface Change {
  body?: unknown
  /** Revision that was shown when the person decided: refused with 412 when it moved since. */
  ifMatch?: number | undefined
  /** `text` bodies only; default JSON. */
  contentType?: string
}

/** Reads JSON. Throws `ApiError`. */
export async function getJson<Body>(path: string, signal?: AbortSignal): Promise<Body> {
  const response = await call(path, { headers: { accept: 'application/json' } }, signal)
  return response.json()
}

export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  const response = await call(path, {}, signal)
  return response.text()
}

/**
 * Changes something. A key of its own goes along, so that a repeated request is applied once. Throws `ApiError`;
 * `null` where there is nothing to read in the answer.
 */
export async function send<Body>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  { body, ifMatch, contentType = 'application/json' }: Change = {},
): Promise<Body> {
  const headers: Record<string, string> = { accept: 'application/json', 'idempotency-key': randomKey() }
  if (ifMatch !== undefined) headers['if-match'] = `"${ifMatch}"`
  if (method !== 'DELETE') headers['content-type'] = contentType
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? {})
  const response = await call(path, { method, headers, ...(method === 'DELETE' ? {} : { body: text }) })
  const answer = await response.text()
  return JSON.parse(answer === '' ? 'null' : answer)
}

export function post<Body>(path: string, change?: Change): Promise<Body> {
  return send<Body>('POST', path, change)
}

/** A path of parts that may hold any character: `pathOf('instances', id)` → `/v1/instances/…`. */
export function pathOf(...parts: readonly string[]): string {
  return `/v1/${parts.map(encodeURIComponent).join('/')}`
}

/** With a query of those members that say something. */
export function withQuery(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`
}

async function call(path: string, init: RequestInit, signal?: AbortSignal): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  let response: Response
  try {
    response = await fetch(path, { ...init, signal: signal ? AbortSignal.any([signal, timeout]) : timeout })
  } catch (error) {
    throw new ApiError(0, { detail: 'No answer from the server', code: 'network' }, { cause: error })
  }
  if (response.ok) return response
  if (response.status === 401) onUnauthorized()
  throw new ApiError(response.status, await problemOf(response))
}

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  try {
    const problem: unknown = await response.json()
    return typeof problem === 'object' && problem !== null ? { ...problem } : {}
  } catch {
    // A proxy in between may answer with HTML: then the status has to do.
    return {}
  }
}

/** `crypto.randomUUID` exists on secure origins only. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
