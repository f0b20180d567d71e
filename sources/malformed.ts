import type { z } from 'zod'
import { AppError } from '../core/errors.ts'
import type { NewEventInput } from '../core/event.ts'
import { isReservedType } from '../core/event.ts'
import type { Json } from '../core/json.ts'
import { didYouMean } from '../core/suggest.ts'
import type { Parsed, Rejection } from './source.ts'

/** More than the burst of a large lab. */
const MAX_ITEMS = 5_000

/** A sender that gets this many wrong is broken; describing every mistake would block the process for everyone else. */
const MAX_MISTAKES = 100

const LONGEST_PLACE = 200

/** A `source.malformed` whose message starts with the place, for example `alerts[3].labels.host: expected text`. */
export function malformed(place: string, message: string): AppError {
  // Names that strangers chose stand in it; what refuses them must not be as long as they are.
  const path = place.slice(0, LONGEST_PLACE).toWellFormed()
  return new AppError('source.malformed', path === '' ? message : `${path}: ${message}`, { details: { path } })
}

/** Checks a value against a schema; the first mistake becomes the error. `known` are the keys to suggest for an unknown one. */
export function parseShape<T>(schema: z.ZodType<T>, value: Json, path = '', known: readonly string[] = []): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (issue === undefined) throw malformed(path, 'malformed')
  const place = joinPath(path, issue.path)
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? ''
    throw malformed(joinPath(place, [key]), `unknown key${didYouMean(key, known)}`)
  }
  throw malformed(place, issue.message)
}

/** A forged `xstate.done.actor.approve` would pass an approval: such types are refused by name, at every entrance. */
export function refuseReservedType(type: Json | undefined, path: string): void {
  if (typeof type !== 'string' || !isReservedType(type)) return
  const place = joinPath(path, ['type'])
  const message = type === '' ? 'expected a type, got nothing' : `"${type.slice(0, 80)}" is reserved for the runtime`
  throw new AppError('event.reserved_type', `${place}: ${message}`, { details: { path: place } })
}

/**
 * Reads a batch item by item, so that one bad item does not lose its neighbours. Throws when nothing at all could be
 * taken or the mistakes have no end, and `request.too_large` for more items than a request may hold.
 */
export function parseItems(
  items: readonly Json[],
  path: string,
  parseItem: (item: Json, path: string) => NewEventInput,
): Parsed {
  if (items.length > MAX_ITEMS) {
    throw new AppError('request.too_large', `${items.length} items in one request; at most ${MAX_ITEMS} are taken`)
  }
  const events: NewEventInput[] = []
  const errors: { index: number; error: AppError }[] = []
  for (const [index, item] of items.entries()) {
    try {
      events.push(parseItem(item, `${path}[${index}]`))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      errors.push({ index, error })
      if (errors.length > MAX_MISTAKES) break
    }
  }
  const rejected = errors.map(({ index, error }) => rejection(index, error))
  const first = errors[0]?.error
  if (first === undefined || (events.length > 0 && errors.length <= MAX_MISTAKES)) return { events, rejected }
  const others = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  throw new AppError(first.code, `${first.message}${others}`, {
    details: { ...first.details, rejected: rejected.slice(0, 20) },
  })
}

function rejection(index: number, { message, details: { path } }: AppError): Rejection {
  return { index, message, ...(typeof path === 'string' ? { path } : {}) }
}

function joinPath(path: string, keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((whole, key) => {
    if (typeof key === 'number') return `${whole}[${key}]`
    return whole === '' ? String(key) : `${whole}.${String(key)}`
  }, path)
}
