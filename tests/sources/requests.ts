import type { IncomingRequest } from '../../sources/source.ts'

/** A request with this body; text and bytes go as they are, anything else as JSON. */
export function request(body: unknown, headers: Record<string, string> = {}): IncomingRequest {
  const bytes = body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  return {
    source: 'test',
    headers: new Map(Object.entries(headers)),
    body: bytes,
    receivedAt: '2026-03-01T12:00:00.000Z',
  }
}

/** What the call throws. */
export function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return undefined
}
