import { withoutSecrets } from '../../core/secrets.ts'
import { revisionTag } from './etag.ts'

/** A JSON answer. Dates go out as RFC 3339 UTC. */
export function json(value: unknown, init: { status?: number; headers?: Record<string, string> } = {}): Response {
  return new Response(JSON.stringify(value), {
    status: init.status ?? 200,
    headers: { 'content-type': 'application/json', ...init.headers },
  })
}

/** A JSON answer with the revision of what it shows as its ETag. */
export function tagged(value: { revision: number | null }): Response {
  return json(value, { headers: revisionTag(value) })
}

/** JSON that people look at and nobody sends on: secrets that senders and tools put into it are cut. */
export function shown(value: unknown, init: { status?: number; headers?: Record<string, string> } = {}): Response {
  return new Response(withoutSecrets(JSON.stringify(value)), {
    status: init.status ?? 200,
    headers: { 'content-type': 'application/json', ...init.headers },
  })
}

export function noContent(headers: Record<string, string> = {}): Response {
  return new Response(null, { status: 204, headers })
}

export function text(body: string, contentType: string, headers: Record<string, string> = {}): Response {
  return new Response(body, { headers: { 'content-type': contentType, ...headers } })
}

/** A path whose parts may hold any character. */
export function pathOf(...parts: readonly string[]): string {
  return `/v1/${parts.map(encodeURIComponent).join('/')}`
}
