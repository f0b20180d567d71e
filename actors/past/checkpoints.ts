import type { Address } from '../../core/address.ts'
import type { StoredSnapshot } from '../../core/effect.ts'

/** What an actor was after a revision. */
export interface Point {
  revision: number
  snapshot: StoredSnapshot
  /** Entries up to here that another definition of the machine made. */
  otherDefinitions: number
}

/** Points on the way of histories that were replayed, so that the next look back need not begin at the beginning. */
export interface Checkpoints {
  /** The last known point below a revision: at least one step is left to be taken. */
  before(address: Address, revision: number): Point | undefined
  /** Keeps it when it is one of those worth keeping. */
  offer(address: Address, point: Point): void
}

/** A replay from a checkpoint takes at most so many steps. */
const EVERY = 100
const MAX_KEPT = 500

/** Kept in memory only: history never changes, so what was computed once with the machines of this process stays true. */
export function createCheckpoints(): Checkpoints {
  const kept = new Map<string, Point>()
  return {
    before(address, revision) {
      for (let at = Math.floor((revision - 1) / EVERY) * EVERY; at > 0; at -= EVERY) {
        const point = kept.get(`${address}@${at}`)
        if (point) return point
      }
      return undefined
    },
    offer(address, point) {
      if (point.revision % EVERY !== 0) return
      const [oldest] = kept.keys()
      if (kept.size >= MAX_KEPT && oldest !== undefined) kept.delete(oldest)
      kept.set(`${address}@${point.revision}`, point)
    },
  }
}
