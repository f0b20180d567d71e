import type { Json } from '../core/json.ts'
import { cleanText, parseJson } from '../core/parse-json.ts'
import { malformed } from './malformed.ts'
import { bareType, isJsonType } from './media-type.ts'

/**
 * An event's payload as JSON: JSON is read, text becomes a string, anything else is kept as
 * `{ contentType, base64 }`. No bytes are `null`.
 */
export function dataOfBytes(bytes: Uint8Array, contentType: string): Json {
  if (bytes.length === 0) return null
  if (isJsonType(contentType)) return parseJson(bytes, 'source.malformed')
  const text = isTextType(contentType) ? decode(bytes) : undefined
  return text ?? { contentType: cleanText(contentType), base64: Buffer.from(bytes).toString('base64') }
}

/** Throws `source.malformed` for what is not base64: Node's decoder would skip it. */
export function bytesOfBase64(value: Json, path: string): Uint8Array {
  if (typeof value !== 'string' || value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
    throw malformed(path, 'expected base64')
  }
  return Buffer.from(value, 'base64')
}

function isTextType(contentType: string): boolean {
  const type = bareType(contentType)
  return (
    type.startsWith('text/') ||
    type.endsWith('/xml') ||
    type.endsWith('+xml') ||
    type === 'application/x-www-form-urlencoded'
  )
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return cleanText(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    // Text in another encoding is kept byte for byte instead.
    return undefined
  }
}
