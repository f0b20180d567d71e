import { AppError } from './errors.ts'

const UNITS = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
])

/** True for `30s`, `1h30m`, `250ms`, `1.5h`: at least one number with a unit (ms, s, m, h, d, w), larger units first or not. */
export function isDuration(text: string): boolean {
  return /^(\d{1,9}(\.\d{1,3})?(ms|s|m|h|d|w)){1,6}$/.test(text)
}

/** Milliseconds of `30s`, `1h30m`, `250ms`. Throws `request.invalid`. */
export function parseDuration(text: string): number {
  if (!isDuration(text)) {
    throw new AppError(
      'request.invalid',
      `"${text.slice(0, 40)}" is not a duration: expected for example 30s, 5m or 1h30m`,
    )
  }
  let totalMs = 0
  for (const [, amount, unit] of text.matchAll(/([\d.]+)([a-z]+)/g))
    totalMs += Number(amount) * (UNITS.get(unit ?? '') ?? 0)
  return Math.round(totalMs)
}
