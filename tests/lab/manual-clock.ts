import type { Clock } from '../../examples/lab/clock.ts'

/** A clock that stands still until a test turns it; whoever sleeps on it wakes in the order of their times. */
export interface ManualClock extends Clock {
  advance(ms: number): void
  /** Resolves with the length of the wait when somebody goes to sleep, or at once when somebody already does. */
  sleeper(): Promise<number>
}

export function createManualClock(startedAt = Date.UTC(2026, 0, 5, 8)): ManualClock {
  let now = startedAt
  const sleepers = new Set<{ wakeAt: number; ms: number; wake: () => void }>()
  const watchers: ((ms: number) => void)[] = []

  function sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const sleeper = { wakeAt: now + ms, ms, wake: resolve }
      sleepers.add(sleeper)
      signal.addEventListener('abort', () => {
        sleepers.delete(sleeper)
        resolve()
      })
      for (const watcher of watchers.splice(0)) watcher(ms)
    })
  }

  function advance(ms: number): void {
    now += ms
    const due = [...sleepers].filter((sleeper) => sleeper.wakeAt <= now).sort((a, b) => a.wakeAt - b.wakeAt)
    for (const sleeper of due) {
      sleepers.delete(sleeper)
      sleeper.wake()
    }
  }

  function sleeper(): Promise<number> {
    const [asleep] = sleepers
    return asleep ? Promise.resolve(asleep.ms) : new Promise((resolve) => watchers.push(resolve))
  }

  return { now: () => now, sleep, advance, sleeper }
}
