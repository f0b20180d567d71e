import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../../core/errors.ts'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 2_000

/**
 * Tries again while the failure is one that passes (`retryable`), until aborted, or for so long. For what is safe to
 * repeat, and whose loss would make work run twice.
 */
export async function insist<T>(statement: () => Promise<T>, signal: AbortSignal, forMs = Infinity): Promise<T> {
  const until = performance.now() + forMs
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    try {
      return await statement()
    } catch (error) {
      if (!(error instanceof AppError) || !error.retryable || signal.aborted) throw error
      if (performance.now() + pauseMs > until) throw error
      await pause(pauseMs, undefined, { signal })
    }
  }
}
