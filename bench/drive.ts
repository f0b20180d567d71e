import { type Measured, spread } from './stats.ts'

export interface Load {
  /** Calls under way at once: each lane asks again as soon as it is answered. */
  lanes: number
  durationMs: number
  /** Events that one call carries. Default 1. */
  perCall?: number
  /** Resolves when what it asked for is committed. */
  call(): Promise<void>
}

/**
 * A closed loop: as many calls under way as there are lanes, until the time is over; then what is under way is awaited,
 * so that everything that was begun is counted, and so is the time it took. The first failure ends it.
 */
export async function drive({ lanes, durationMs, perCall = 1, call }: Load): Promise<Measured> {
  const startedAt = performance.now()
  const latencies: number[] = []

  async function run(): Promise<void> {
    for (let at = performance.now(); at - startedAt < durationMs; ) {
      await call()
      const now = performance.now()
      latencies.push(now - at)
      at = now
    }
  }

  await Promise.all(Array.from({ length: lanes }, run))
  const seconds = (performance.now() - startedAt) / 1_000
  const { p50Ms, p99Ms } = spread(latencies)
  return { events: latencies.length * perCall, seconds, p50Ms, p99Ms }
}

/** Hands out actors in turn, and keeps the books: how many events were acknowledged for each. */
export interface Books {
  next(): number
  acknowledge(actor: number): void
  readonly acknowledged: readonly number[]
}

export function openBooks(actors: number): Books {
  const acknowledged = Array.from({ length: actors }, () => 0)
  let last = -1
  return {
    acknowledged,
    next: () => (last = (last + 1) % actors),
    acknowledge: (actor) => {
      acknowledged[actor] = (acknowledged[actor] ?? 0) + 1
    },
  }
}
