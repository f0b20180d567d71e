/** The HTTP API as this page uses it. A refused call throws `ApiError`, which says why in words. */

const KEY = 'troupe-key'

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `The server answered ${status}`)
    this.status = status
    this.code = problem.code
    this.allowedEvents = Array.isArray(problem.allowedEvents) ? problem.allowedEvents : []
  }
}

export async function getJson(path) {
  const response = await call(path, { headers: { accept: 'application/json' } })
  return response.json()
}

export async function getText(path) {
  const response = await call(path, {})
  return response.text()
}

/** A small file as a `data:` address, the only one besides our own that the page's policy lets an image have. */
export async function getDataUrl(path) {
  const response = await call(path, {})
  const bytes = new Uint8Array(await response.arrayBuffer())
  // The types that may be shown are those the server answers as what they are.
  return `data:${response.headers.get('content-type')};base64,${toBase64(bytes)}`
}

/** Safe to repeat: the server answers the same key twice with the same result. */
export async function post(path, body) {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomKey() }
  const response = await call(path, { method: 'POST', headers, body: JSON.stringify(body ?? {}) })
  const text = await response.text()
  return text === '' ? null : JSON.parse(text)
}

/** A path made of parts that may hold any character. */
export function pathOf(...parts) {
  return `/v1/${parts.map((part) => encodeURIComponent(part)).join('/')}`
}

/** Only for as long as the tab lives; null forgets it. */
export function useKey(key) {
  if (key === null) sessionStorage.removeItem(KEY)
  else sessionStorage.setItem(KEY, key)
}

export function authHeaders() {
  const key = sessionStorage.getItem(KEY)
  return key === null ? {} : { authorization: `Bearer ${key}` }
}

async function call(path, init) {
  const response = await fetch(path, {
    ...init,
    headers: { ...init.headers, ...authHeaders() },
    signal: AbortSignal.timeout(20_000),
  })
  if (response.ok) return response
  // A proxy in between may answer with HTML: then the status has to do.
  const problem = await response.json().catch(() => ({}))
  throw new ApiError(response.status, problem ?? {})
}

/** `Uint8Array.toBase64` is younger than many browsers. */
function toBase64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

/** `crypto.randomUUID` exists on https and localhost only. */
function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
