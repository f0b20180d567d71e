import type { Clock } from '../core/clock.ts'
import { AppError } from '../core/errors.ts'

/** So many requests a second, each for itself. */
export interface Limits {
  /** Counts one request of somebody; throws `request.too_many`, with how long to wait. */
  take(who: string): void
}

/** Seconds' worth that may come at once, after a silence. */
const BURST_S = 5
/** More are not remembered: whoever was silent longest is forgotten first, who would be let pass anyway. */
const MOST = 10_000

/**
 * The generic cell rate algorithm: for each one remembers a single time, the one at which all that was taken is paid for.
 * Counts in this process only: behind n processes somebody has up to n times as much. `perSecond` 0: no limit.
 */
export function createLimits({ perSecond, clock }: { perSecond: number; clock: Clock }): Limits {
  if (perSecond === 0) return { take: () => undefined }
  const costMs = 1000 / perSecond
  const paidAt = new Map<string, number>()
  return {
    take(who) {
      const now = clock.now()
      const paid = Math.max(now, paidAt.get(who) ?? 0)
      const waitMs = paid + costMs - now - BURST_S * 1000
      if (waitMs > 0) {
        const retryAfter = Math.ceil(waitMs / 1000)
        throw new AppError('request.too_many', `More than ${perSecond} requests a second: wait`, {
          details: { limit: perSecond, retryAfter },
        })
      }
      paidAt.delete(who)
      const [oldest] = paidAt.keys()
      if (paidAt.size >= MOST && oldest !== undefined) paidAt.delete(oldest)
      paidAt.set(who, paid + costMs)
    },
  }
}
