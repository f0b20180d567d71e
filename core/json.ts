/** A value that survives JSON unchanged. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A JSON object. */
export type JsonObject = { [key: string]: Json }

/**
 * What is left of a value after it has been stored and read again: `undefined` members go, dates become text.
 * State is passed through here at every step, so that a machine sees the same context whether or not the process
 * restarted in between. NUL characters are dropped and halves of surrogate pairs replaced, since Postgres refuses to read
 * text that holds them.
 */
export function toJson(value: unknown): Json {
  const text = JSON.stringify(value)
  if (text === undefined) return null
  return JSON.parse(SUSPECT.test(text) ? text.replaceAll(UNREADABLE, replaceUnreadable) : text) as Json
}

/** `JSON.stringify` escapes a surrogate only when its other half is missing. */
const SUSPECT = /\\u(?:0000|d[89a-f])/
const UNREADABLE = /\\(?:u(0000)|u(d[89a-f]..)|.)/g

function replaceUnreadable(escape: string, nul: string | undefined, surrogate: string | undefined): string {
  return nul ? '' : surrogate ? '\ufffd' : escape
}

/** JSON with the keys of every object in alphabetical order: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (isObject(member) ? sortKeys(member) : member))
}

function sortKeys(object: Record<string, unknown>): Record<string, unknown> {
  // A null prototype, so that a key named __proto__ stays an ordinary key.
  const sorted: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const key of Object.keys(object).sort()) sorted[key] = object[key]
  return sorted
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
