import { z } from 'zod'

/** An RFC 3339 time from outside, as UTC with milliseconds: one moment has one spelling, however it was written. */
export const Timestamp = z.string().transform((text, context) => {
  const time = utc(text)
  if (time !== undefined) return time
  context.addIssue({ code: 'custom', message: 'expected an RFC 3339 time, for example 2026-03-01T12:00:00Z' })
  return z.NEVER
})

/** Go's zero time, which Alertmanager sends for "not yet". */
export const ZERO_TIME = '0001-01-01T00:00:00.000Z'

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ]\d\d:\d\d:\d\d(\.\d{1,12})?([Zz]|[+-]\d\d:\d\d)$/

function utc(text: string): string | undefined {
  const parts = RFC3339.exec(text)
  if (!parts) return undefined
  const [, year, month, day] = parts
  // Date.parse takes 30 February for 2 March.
  if (Number(day) > new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate()) return undefined
  const at = new Date(text.replace(' ', 'T').toUpperCase())
  // Offsets can push the first and last year over the edge of four digits.
  return Number.isNaN(at.getTime()) || at.getUTCFullYear() > 9999 || at.getUTCFullYear() < 1
    ? undefined
    : at.toISOString()
}
