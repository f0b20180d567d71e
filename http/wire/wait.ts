import { z } from 'zod'
import { isDuration, parseDuration } from '../../core/duration.ts'
import { AppError } from '../../core/errors.ts'

/** Longer than this and some proxy in between gives up first. */
const MAX_WAIT_MS = 60_000

/** `?wait=30s`: how long an answer may take to be the one that is hoped for. */
export const Wait = z.string().refine(isDuration, 'expected for example 30s')

/** Milliseconds of `?wait=`; undefined without one. Throws `request.invalid` for more than a minute. */
export function waitMsOf(wait: string | undefined): number | undefined {
  if (wait === undefined) return undefined
  const waitMs = parseDuration(wait)
  if (waitMs <= MAX_WAIT_MS) return waitMs
  throw new AppError('request.invalid', `query.wait: at most ${MAX_WAIT_MS / 1000}s`)
}
