import { parseDuration } from '../../../core/duration.ts'
import { AppError } from '../../../core/errors.ts'

/** What a definition may write where time is meant. A bare number is refused: nobody remembers its unit. */
export const DURATION = /^\d{1,7}(\.\d{1,3})?(ms|s|m|h|d)$/

/** `500ms`, `30s`, `10m`, `1.5h`, `1d` → whole milliseconds; throws `expression.invalid`. */
export function durationMs(text: string): number {
  if (DURATION.test(text)) return parseDuration(text)
  throw new AppError('expression.invalid', `"${text}" is not a duration: expected for example 500ms, 30s, 10m, 1h, 1d`)
}
