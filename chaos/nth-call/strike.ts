import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster, Seat } from '../cluster.ts'
import type { Random } from '../random.ts'
import { tap } from './tap.ts'

/**
 * What is done at a call. `refuse`: the connection ends before it is sent. `cut`: it is carried out and its answer is lost.
 * `kill`: its process dies, by chance before it is sent or after it was carried out. `freeze`: its process stands still
 * for longer than two leases while the call is on its way.
 */
export const STRIKES = ['refuse', 'cut', 'kill', 'freeze'] as const
export type Strike = (typeof STRIKES)[number]

/** A place to strike at. */
export interface Point {
  scenario: string
  store: 'postgres' | 'redis'
  label: string
  nth: number
  strike: Strike
}

export interface Aimed {
  /** True once it was struck. */
  struck(): boolean
  /** Closes the tap, and waits until all processes live again. */
  over(): Promise<void>
}

/** Waits for the call and strikes there, once. */
export function aimAt(cluster: Cluster, point: Point, random: Random, leaseMs: number): Aimed {
  const { label, nth, strike } = point
  const after = strike === 'kill' && random.chance(0.5)
  let struck = false
  let doomed: Seat | undefined
  let aftermath: Promise<unknown> = Promise.resolve()

  const close = tap(
    cluster,
    (call) => {
      if (struck || call.label !== label || call.nth !== nth) return 'pass'
      struck = true
      if (strike === 'refuse' || strike === 'cut') return strike
      if (strike === 'freeze') {
        aftermath = cluster.freeze(call.seat, 2 * leaseMs + 200)
        return 'pass'
      }
      if (after) {
        doomed = call.seat
        return 'cut'
      }
      kill(call.seat)
      return 'refuse'
    },
    (seat) => {
      if (doomed !== seat) return
      doomed = undefined
      kill(seat)
    },
  )

  function kill(seat: Seat): void {
    aftermath = cluster.kill(seat).then(() => cluster.fill(seat))
  }

  return {
    struck: () => struck,
    async over() {
      close()
      // A call that has no answer: its process goes on with it open.
      if (doomed) kill(doomed)
      await aftermath
      await cluster.heal()
      await pause(0)
    },
  }
}
