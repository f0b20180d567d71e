import { AppError } from '../../core/errors.ts'
import { bareType, isJsonType } from '../../sources/media-type.ts'

/** 1 MiB: more than any event or definition needs. */
const MAX_BODY_BYTES = 1024 * 1024

/** All of the body, or `request.too_large` as soon as that is known; no more than the limit is ever held. */
export async function readBody(request: Request): Promise<Uint8Array> {
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  // A few compressed kilobytes may unpack to gigabytes.
  if (encoding.toLowerCase() !== 'identity') {
    throw new AppError('request.unsupported_media_type', 'Compressed bodies are not taken: leave Content-Encoding out')
  }
  const length = request.headers.get('content-length')
  if (Number(length ?? 0) > MAX_BODY_BYTES) throw tooLarge()
  // Node's parser takes no more than was announced; in one piece it is several times cheaper than as a stream.
  if (length !== null) return new Uint8Array(await request.arrayBuffer())
  if (!request.body) return new Uint8Array()
  const pieces: Uint8Array[] = []
  let size = 0
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(pieces, size)
    size += value.length
    if (size > MAX_BODY_BYTES) {
      await reader.cancel()
      throw tooLarge()
    }
    pieces.push(value)
  }
}

/** JSON only under its own name: a form on a foreign page can send `text/plain`, but not this. */
export function requireJson(request: Request): void {
  if (isJsonType(request.headers.get('content-type') ?? '')) return
  throw unsupported(request, ['application/json'])
}

/** Throws `request.unsupported_media_type`. */
export function requireType(request: Request, types: readonly string[]): void {
  if (!types.includes(bareType(request.headers.get('content-type') ?? ''))) throw unsupported(request, types)
}

function unsupported(request: Request, types: readonly string[]): AppError {
  const given = bareType(request.headers.get('content-type') ?? '').slice(0, 100)
  const was = given === '' ? 'The request has no Content-Type' : `${given} is not taken here`
  return new AppError('request.unsupported_media_type', `${was}: send ${types.join(' or ')}`, {
    details: { accepted: types },
  })
}

function tooLarge(): AppError {
  return new AppError('request.too_large', `The body is larger than ${MAX_BODY_BYTES} bytes`, {
    details: { limit: MAX_BODY_BYTES },
  })
}
