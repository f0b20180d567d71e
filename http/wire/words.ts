import { z } from 'zod'
import type { Json } from '../../core/json.ts'

/** Names what people and other programs name: no control character gets as far as the database. */
export const Text = z
  .string()
  .min(1)
  .max(512)
  .regex(/^\P{Cc}*$/u, 'expected text without control characters')

/** Keys of actors, ids of agents, devices, tickets: what survives a URL. */
export const Id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:@~+=-]{0,199}$/, 'expected letters, digits and . _ : @ ~ + = - (at most 200)')

export const Kind = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9._-]{0,63}$/, 'expected letters, digits and . _ - (at most 64)')

/** A whole number in a path or a query, in digits: no word is no 0, `0x10` is no 16, and ` 1` is nothing at all. */
export function whole(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  const digits = (word: unknown): unknown => (typeof word === 'string' && /^\d{1,16}$/.test(word) ? Number(word) : word)
  return z.preprocess(digits, z.int(`expected a whole number from ${min} to ${max}`).min(min).max(max))
}

export const Reason = z.string().max(1000).describe('Why, for the history and the audit')

/** Any JSON. What came in was read by `parseJson`, which limits its depth and cleans it. */
export const Anything: z.ZodType<Json> = z.any().describe('Any JSON')

/** An RFC 3339 time as it comes in, of a year that PostgreSQL knows. */
export const Instant = z.iso
  // What is no time has no year either, and is told of once.
  .datetime({ offset: true, error: 'expected a time, as in 2027-01-31T07:00:00Z', abort: true })
  // An offset can push the first and the last year over the edge of four digits.
  .refine((text) => {
    const year = new Date(text).getUTCFullYear()
    return year >= 1 && year <= 9999
  }, 'expected a year from 0001 to 9999, in UTC')

/** An RFC 3339 time as it goes out. */
export const Time = z.iso.datetime()

/** A value as JSON shows it: dates are text. */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Wire<T[Key]> }
      : T
