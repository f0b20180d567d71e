import type { Address } from '../core/address.ts'
import type { Log } from '../core/log.ts'
import type { Sql } from '../db/client.ts'
import { deliverDue, listUpcoming, nextDelivery } from '../db/timers.ts'

/** How far ahead a worker looks, in milliseconds: what is due later is found by a later look. */
const HORIZON_MS = 2_500
const PER_LOOK = 1_000

export interface Timers {
  /** A timer was armed that is due in so many milliseconds. */
  armed(inMs: number): void
  /** Looks at the table again: for timers that other processes armed. */
  look(): Promise<void>
  stop(): void
}

/**
 * Wakes actors when their timers are due, judged by the database's clock. Nothing polls: one local alarm stands at
 * the earliest due time within the horizon, and the sweeper's look moves it. An alarm that comes early or twice only
 * makes a turn that finds nothing.
 */
export function createTimers(deps: { sql: Sql; log: Log; onDue(addresses: Address[]): void; onMail(addresses: Address[]): void }): Timers {
  const { sql, log } = deps
  let alarm: NodeJS.Timeout | undefined
  let alarmAt = Infinity
  let looking: Promise<void> | undefined
  let again = false
  let stopped = false

  function set(inMs: number): void {
    const at = Date.now() + inMs
    if (stopped || inMs > HORIZON_MS || at >= alarmAt) return
    clearTimeout(alarm)
    alarmAt = at
    alarm = setTimeout(() => {
      alarmAt = Infinity
      void look()
    }, Math.ceil(inMs))
  }

  function look(): Promise<void> {
    again = looking !== undefined
    looking ??= lookNow().finally(() => {
      looking = undefined
      if (again && !stopped) void look()
    })
    return looking
  }

  async function lookNow(): Promise<void> {
    try {
      const upcoming = await listUpcoming(sql, HORIZON_MS, PER_LOOK)
      const due = upcoming.filter((timer) => timer.inMs < 1).map((timer) => timer.address)
      if (due.length > 0) deps.onDue(due)
      const delivered = await deliverDue(sql)
      if (delivered.length > 0) deps.onMail(delivered)
      const delivery = await nextDelivery(sql, HORIZON_MS)
      const next = [...upcoming.filter((timer) => timer.inMs >= 1).map((timer) => timer.inMs), ...(delivery === undefined ? [] : [delivery])]
      if (next.length > 0) set(Math.min(...next))
    } catch (error) {
      log.warn({ error }, 'timers could not be read, the sweeper looks again')
    }
  }

  return {
    armed: set,
    look,
    stop() {
      stopped = true
      clearTimeout(alarm)
    },
  }
}
