/** One message to the platform. */
export interface Parcel {
  method: 'PUT' | 'POST'
  path: string
  body: unknown
  /** Repeats of one parcel carry the same key. */
  idempotencyKey?: string
}

/** What became of one try. `refused` is final: the same bytes would be refused again. */
export type Outcome =
  | { kind: 'delivered' }
  | { kind: 'refused'; reason: string }
  | { kind: 'later'; reason: string; retryAfterMs?: number }

export type Send = (parcel: Parcel, signal: AbortSignal) => Promise<Outcome>

const TIMEOUT_MS = 10_000
const MAX_RETRY_AFTER_MS = 60_000
/** Only what says that the message itself is wrong; a missing route or key is put right on the platform's side, so it is worth waiting for. */
const FINAL = new Set([400, 405, 409, 410, 413, 415, 422])

/** Never rejects: a platform that cannot be reached is an outcome like any other. */
export function createSend({ url, key }: { url: string; key: string | undefined }): Send {
  const base = url.replace(/\/+$/, '')
  return async (parcel, signal) => {
    try {
      const response = await fetch(`${base}${parcel.path}`, {
        method: parcel.method,
        headers: headersOf(parcel, key),
        body: JSON.stringify(parcel.body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      })
      await response.body?.cancel()
      return outcomeOf(response)
    } catch (error) {
      return { kind: 'later', reason: reasonOf(error) }
    }
  }
}

function headersOf(parcel: Parcel, key: string | undefined): Record<string, string> {
  return {
    'content-type': 'application/json',
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    ...(parcel.idempotencyKey === undefined ? {} : { 'idempotency-key': parcel.idempotencyKey }),
  }
}

function outcomeOf(response: Response): Outcome {
  if (response.ok) return { kind: 'delivered' }
  const reason = `the platform answered ${response.status}`
  if (FINAL.has(response.status)) return { kind: 'refused', reason }
  const seconds = Number(response.headers.get('retry-after'))
  return seconds > 0
    ? { kind: 'later', reason, retryAfterMs: Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) }
    : { kind: 'later', reason }
}

/** `fetch` hides the useful part ("connect ECONNREFUSED …") in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message
}
