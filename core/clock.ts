/** Time as a dependency. Leases, timers and tokens never use it: they are judged by the database's clock. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
