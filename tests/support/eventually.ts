import { setTimeout as pause } from 'node:timers/promises'
import { inspect } from 'node:util'

export interface EventuallyOptions {
  /** How long to hope; 5 s by default. */
  timeoutMs?: number
  intervalMs?: number
}

/**
 * Asks again and again until the answer is neither undefined nor false, and gives it back. What the question throws
 * counts as "not yet", so that an `expect` inside is fine; the last one is told when time is up.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 5_000, intervalMs = 20 }: EventuallyOptions = {},
): Promise<T> {
  const startedAt = performance.now()
  for (let attempts = 1; ; attempts++) {
    let last: unknown
    try {
      const found = await ask()
      if (found !== undefined && found !== false) return found
      last = found
    } catch (error) {
      last = error
    }
    const elapsedMs = performance.now() - startedAt
    if (elapsedMs >= timeoutMs) {
      const told = last instanceof Error ? `the last try threw ${last.message}` : `the last answer was ${inspect(last)}`
      throw new Error(`Waited ${Math.round(elapsedMs)} ms for ${what}: ${told} (${attempts} tries)`, { cause: last })
    }
    await pause(intervalMs)
  }
}
