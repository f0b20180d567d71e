import type { Address } from '../core/address.ts'
import type { Log } from '../core/log.ts'
import type { Sql } from '../db/client.ts'
import { deliverDue, listUpcoming, nextDelivery } from '../db/timers.ts'

/** How far ahead a worker looks, in milliseconds: what is due later is found by a later look. */
const HORIZON_MS = 2_500
const PER_LOOK = 1_000

/** More are due at once: these turns first, then the next look. */
const CROWDED_MS = 50

export interface Timers {
  /** A timer was armed that is due in so many milliseconds. */
  armed(inMs: number): void
  /** Looks at the table again: for timers that other processes armed. */
  look(): Promise<void>
  stop(): Promise<void>
}

export interface TimersDeps {
  sql: Sql
  /** What this worker can give turns to. */
  kinds: readonly string[]
  log: Log
  onDue(addresses: Address[]): void
  onMail(addresses: Address[]): void
}

/**
 * Wakes actors when their timers are due, judged by the database's clock. Nothing polls: one local alarm stands at
 * the earliest due time within the horizon, and the sweeper's look moves it. An alarm that comes early or twice only
 * makes a turn that finds nothing.
 */
export function createTimers({ sql, kinds, log, onDue, onMail }: TimersDeps): Timers {
  let alarm: NodeJS.Timeout | undefined
  let alarmAt = Infinity
  let looking: Promise<void> | undefined
  let again = false
  let stopped = false

  function set(inMs: number): void {
    const at = performance.now() + inMs
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
      const upcoming = await listUpcoming(sql, { kinds, horizonMs: HORIZON_MS, limit: PER_LOOK })
      const due = upcoming.filter((timer) => timer.inMs === 0).map((timer) => timer.address)
      if (due.length > 0) onDue(due)
      const delivered = await deliverDue(sql, PER_LOOK)
      if (delivered.length > 0) onMail([...new Set(delivered)])
      for (const { inMs } of upcoming) if (inMs > 0) set(inMs)
      const delivery = await nextDelivery(sql, HORIZON_MS)
      if (delivery !== undefined) set(delivery)
      // None beyond them was seen: there may be more than one look shows.
      if (due.length > 0 && due.length === upcoming.length) set(CROWDED_MS)
    } catch (error) {
      log.warn({ error }, 'timers could not be read, the sweeper looks again')
    }
  }

  return {
    armed: set,
    look,
    async stop() {
      stopped = true
      clearTimeout(alarm)
      await looking
    },
  }
}
