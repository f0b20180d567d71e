import { AppError, type ErrorCode } from './errors.ts'
import type { Json } from './json.ts'

/** Deeper nesting than any honest sender needs; what walks the value afterwards may recurse without fear. */
export const MAX_JSON_DEPTH = 100

/**
 * Reads JSON that strangers wrote. Throws `code` for whatever is not JSON, too deep, or holds a number that JSON
 * cannot give back (1e400). What the database would refuse is cleaned: NUL characters go, lone surrogates become
 * U+FFFD. A member named `__proto__` is dropped, since no later copy of the object could keep it.
 */
export function parseJson(bytes: Uint8Array, code: ErrorCode = 'request.bad_json'): Json {
  if (nestsTooDeep(bytes)) throw new AppError(code, `The JSON nests deeper than ${MAX_JSON_DEPTH} levels`)
  const text = decode(bytes, code)
  if (text.trim() === '') throw new AppError(code, 'Expected JSON, got an empty body')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new AppError(code, cause instanceof Error ? `Not JSON: ${cause.message}` : 'Not JSON', { cause })
  }
  return clean(value, code)
}

/** Text that Postgres takes: no NUL, no half of a surrogate pair. */
export function cleanText(text: string): string {
  return (text.includes('\0') ? text.replaceAll('\0', '') : text).toWellFormed()
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true })
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Counts brackets outside strings, before anything that could overflow the stack sees them. */
function nestsTooDeep(bytes: Uint8Array): boolean {
  let depth = 0
  let quoted = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (quoted) {
      if (byte === BACKSLASH) at++
      else if (byte === QUOTE) quoted = false
    } else if (byte === QUOTE) quoted = true
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > MAX_JSON_DEPTH) return true
    } else if (byte === 0x5d || byte === 0x7d) depth--
  }
  return false
}

function decode(bytes: Uint8Array, code: ErrorCode): string {
  try {
    return UTF_8.decode(bytes)
  } catch (cause) {
    throw new AppError(code, 'The body is not UTF-8', { cause })
  }
}

function clean(value: unknown, code: ErrorCode): Json {
  if (typeof value === 'string') return cleanText(value)
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value
    throw new AppError(code, 'The JSON holds a number that is too large, such as 1e400')
  }
  if (typeof value === 'boolean') return value
  if (typeof value !== 'object' || value === null) return null
  if (Array.isArray(value)) return value.map((member) => clean(member, code))
  const cleaned: { [key: string]: Json } = {}
  for (const [key, member] of Object.entries(value)) {
    const name = cleanText(key)
    if (name !== '__proto__') cleaned[name] = clean(member, code)
  }
  return cleaned
}
