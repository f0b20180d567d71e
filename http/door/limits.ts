import type { Allowance } from '../../core/allowance.ts'
import type { Clock } from '../../core/clock.ts'
import { AppError } from '../../core/errors.ts'
import { createSharedLimits } from './shared-limits.ts'

/** So many requests a second, each for itself. */
export interface Limits {
  /** Counts one request of somebody in this process; throws `request.too_many`, with how long to wait. */
  take(who: string): void
  /**
   * The same over all processes. For those who have shown who they are only: a stranger shall not make us write.
   * Undefined: it may pass, as almost always; else a promise that settles within the patience for the store.
   */
  takeOfAll(who: string): Promise<void> | undefined
}

/** Seconds' worth that may come at once, after a silence. */
const BURST_S = 5
/** More are not remembered: whoever was silent longest is forgotten first, who would be let pass anyway. */
const MOST = 10_000

/**
 * The generic cell rate algorithm: for each one remembers a single time, the one at which all that was taken is paid for.
 * It counts in this process, and, where processes have an allowance in common, there too. `perSecond` 0: no limit.
 */
export function createLimits({
  perSecond,
  clock,
  allowance,
}: {
  perSecond: number
  clock: Clock
  allowance?: Allowance | undefined
}): Limits {
  if (perSecond === 0) return { take: () => undefined, takeOfAll: () => undefined }
  const costMs = 1000 / perSecond
  const paidAt = new Map<string, number>()
  const refuse = (waitMs: number): AppError =>
    new AppError('request.too_many', `More than ${perSecond} requests a second: wait`, {
      details: { limit: perSecond, retryAfter: Math.ceil(waitMs / 1000) },
    })
  const rate = { perSecond, burst: BURST_S * perSecond }
  const shared = allowance && createSharedLimits({ rate, allowance, clock, refuse, most: MOST })

  function take(who: string): void {
    const now = clock.now()
    const paid = Math.max(now, paidAt.get(who) ?? 0)
    const waitMs = paid + costMs - now - BURST_S * 1000
    if (waitMs > 0) throw refuse(waitMs)
    paidAt.delete(who)
    const [oldest] = paidAt.keys()
    if (paidAt.size >= MOST && oldest !== undefined) paidAt.delete(oldest)
    paidAt.set(who, paid + costMs)
  }

  return {
    take,
    takeOfAll(who) {
      // Also alone: it goes on when the store does not, and asks it for no more than one process may have.
      take(who)
      return shared?.(who)
    },
  }
}
