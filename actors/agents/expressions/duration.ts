import { AppError } from '../../../core/errors.ts'

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** What a definition may write where time is meant. A bare number is refused: nobody remembers its unit. */
export const DURATION = /^\d{1,7}(\.\d{1,3})?(ms|s|m|h|d)$/

/** `500ms`, `30s`, `10m`, `1.5h`, `1d` → whole milliseconds; throws `expression.invalid`. */
export function durationMs(text: string): number {
  const parts = /^([\d.]+)(ms|s|m|h|d)$/.exec(DURATION.test(text) ? text : '')
  const unit = parts?.[2]
  if (!parts || !isUnit(unit)) {
    throw new AppError(
      'expression.invalid',
      `"${text}" is not a duration: expected for example 500ms, 30s, 10m, 1h, 1d`,
    )
  }
  return Math.round(Number(parts[1]) * UNIT_MS[unit])
}

function isUnit(text: string | undefined): text is keyof typeof UNIT_MS {
  return text !== undefined && Object.hasOwn(UNIT_MS, text)
}
