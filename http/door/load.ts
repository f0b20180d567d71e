import { getHeapStatistics } from 'node:v8'
import { AppError } from '../../core/errors.ts'

/** Turns work away before it hurts what was accepted already. */
export interface Load {
  /**
   * Throws `system.overloaded` when this process is short of memory, and `source.overloaded` when the oldest waiting
   * message has waited too long. For new work only: what people say to actors that run always passes.
   */
  admit(): void
}

export interface LoadOptions {
  /** Milliseconds that the oldest waiting message has waited. */
  lagMs(): Promise<number>
  maxLagMs: number
  /** Share of the heap that may be in use. */
  maxHeap: number
}

/** A figure may be so old. It is asked for in the background, and only while something comes in. */
const FRESH_MS = 1_000

export function createLoad({ lagMs, maxLagMs, maxHeap }: LoadOptions): Load {
  let askedAt = -Infinity
  let lag = 0
  let heap = 0

  function look(): void {
    askedAt = performance.now()
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
    heap = used / limit
    lagMs().then(
      (now) => (lag = now),
      // Without the database nothing is accepted anyway.
      () => undefined,
    )
  }

  return {
    admit() {
      if (performance.now() - askedAt > FRESH_MS) look()
      if (heap > maxHeap) {
        throw new AppError('system.overloaded', 'This process is short of memory: send it again later', {
          details: { retryAfter: 2 },
        })
      }
      if (lag <= maxLagMs) return
      const seconds = Math.round(lag / 1_000)
      throw new AppError('source.overloaded', `The oldest message has waited for ${seconds} s: send it again later`, {
        details: { lagMs: lag, retryAfter: 5 },
      })
    },
  }
}
