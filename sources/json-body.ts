import type { Json, JsonObject } from '../core/json.ts'
import { parseJson } from '../core/parse-json.ts'
import type { IncomingRequest } from './source.ts'

/** The body as JSON; throws `source.malformed`. */
export function readJson({ body }: IncomingRequest): Json {
  return parseJson(body, 'source.malformed')
}

/** The body when it is a JSON object or array, for `detect`, which never throws. */
export function peekJson(request: IncomingRequest): JsonObject | Json[] | undefined {
  try {
    const value = readJson(request)
    return Array.isArray(value) || isObject(value) ? value : undefined
  } catch {
    // Detection only asks; whoever parses in the end tells what is wrong with the body.
    return undefined
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
