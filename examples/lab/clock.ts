import { setTimeout as delay } from 'node:timers/promises'

/** Time as a dependency: everything in the lab that waits or measures goes through it, so tests can turn it by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after `ms`, or at once when the signal aborts; never rejects, so a loop only has to look at its signal. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  // The only way a bare timer rejects is its abort, which is how a sleeper is told to get up.
  sleep: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
}
