import type { Address } from '../../core/address.ts'
import type { Log } from '../../core/log.ts'
import type { Sql } from '../../db/client.ts'
import { deliverDue, listUpcoming } from '../../db/timers.ts'

/** How far ahead a worker looks, in milliseconds: what is due later is found by a later look. */
const HORIZON_MS = 2_500
const PER_LOOK = 1_000
/** More are due soon than one look shows: these turns first, then the next look. */
const CROWDED_MS = 50
/** An alarm of Node may ring a part of a millisecond early; the turn, which judges by the database's clock, would find nothing. */
const MARGIN_MS = 1
/** A timer whose turn has not come through by then is tried again, so often; after that it is the sweeper's. */
const AGAIN_MS = 250
const TRIES = 3
/** The two clocks may drift apart so far between two looks. */
const CLOCKS_MS = 5

/** A timer that is due within the horizon. `delivers`: its event is for another actor. */
export interface Upcoming {
  address: Address
  id: string
  inMs: number
  delivers: boolean
}

export interface Timers {
  /** These were armed, or armed anew. */
  armed(timers: readonly Upcoming[]): void
  /** These are no more: they were cancelled, or their turn was committed. */
  gone(timers: readonly Pick<Upcoming, 'address' | 'id'>[]): void
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

interface Alarm {
  timeout: NodeJS.Timeout
  /** By this process's clock. */
  at: number
}

/**
 * Wakes actors when their timers are due. Nothing polls: for each timer within the horizon stands a local alarm, set when
 * this worker arms it or by a look at the table; the sweeper's look brings those of others. The turn judges by the
 * database's clock, so an alarm that comes early or twice only makes a turn that finds nothing.
 */
export function createTimers({ sql, kinds, log, onDue, onMail }: TimersDeps): Timers {
  const alarms = new Map<string, Alarm>()
  const due = new Set<Address>()
  let telling = false
  let crowded: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined
  let again = false
  let stopped = false

  function set(timer: Upcoming, tries = 1): void {
    const key = keyOf(timer)
    drop(key)
    if (stopped || timer.inMs > HORIZON_MS) return
    const timeout = setTimeout(() => ring(timer, tries), Math.ceil(timer.inMs) + MARGIN_MS)
    alarms.set(key, { timeout, at: performance.now() + timer.inMs })
  }

  function drop(key: string): void {
    clearTimeout(alarms.get(key)?.timeout)
    alarms.delete(key)
  }

  function ring(timer: Upcoming, tries: number): void {
    drop(keyOf(timer))
    if (timer.delivers) return void look()
    if (tries < TRIES) set({ ...timer, inMs: AGAIN_MS }, tries + 1)
    due.add(timer.address)
    if (telling) return
    telling = true
    // Those that ring together share a turn.
    setImmediate(() => {
      telling = false
      const addresses = [...due]
      due.clear()
      if (!stopped) onDue(addresses)
    })
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
      const askedAt = performance.now()
      const upcoming = await listUpcoming(sql, { kinds, horizonMs: HORIZON_MS, limit: PER_LOOK })
      const answeredAt = performance.now()
      const dueNow = upcoming.filter(({ inMs }) => inMs === 0)
      const late = dueNow.flatMap(({ address, delivers }) => (delivers ? [] : [address]))
      if (late.length > 0) onDue([...new Set(late)])
      if (dueNow.some(({ delivers }) => delivers)) {
        const delivered = await deliverDue(sql, PER_LOOK)
        if (delivered.length > 0) onMail([...new Set(delivered)])
      }
      for (const timer of upcoming) if (timer.inMs > 0) note(timer, askedAt, answeredAt)
      const last = upcoming.length === PER_LOOK ? upcoming.at(-1) : undefined
      if (last) lookSoon(Math.max(CROWDED_MS, last.inMs / 2))
    } catch (error) {
      log.warn({ error }, 'timers could not be read, the sweeper looks again')
    }
  }

  /**
   * A timer that a look shows; most of them have their alarm already. The database said `inMs` somewhere between question
   * and answer, so the timer is due between these two and that: an alarm that stands there is as good or better.
   */
  function note(timer: Upcoming, askedAt: number, answeredAt: number): void {
    const at = alarms.get(keyOf(timer))?.at ?? Infinity
    const latest = answeredAt + timer.inMs
    if (at < askedAt + timer.inMs - CLOCKS_MS || at > latest) set({ ...timer, inMs: latest - performance.now() })
  }

  function lookSoon(inMs: number): void {
    clearTimeout(crowded)
    if (!stopped) crowded = setTimeout(() => void look(), inMs)
  }

  return {
    armed: (timers) => {
      for (const timer of timers) set(timer)
    },
    gone: (timers) => {
      for (const timer of timers) drop(keyOf(timer))
    },
    look,
    async stop() {
      stopped = true
      clearTimeout(crowded)
      for (const key of alarms.keys()) drop(key)
      await looking
    },
  }
}

function keyOf({ address, id }: Pick<Upcoming, 'address' | 'id'>): string {
  return `${address} ${id}`
}
