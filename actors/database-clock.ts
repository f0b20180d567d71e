/** The database's time, told from what it last said, so that nobody has to ask for it. */
export interface DatabaseClock {
  /** The database has just said that it is `now`. */
  heard(now: Date): void
  /** Undefined when the database has said nothing for a while. Never goes back. */
  now(): Date | undefined
}

/** In this time, two clocks that both run drift apart by far less than an answer takes to arrive, in milliseconds. */
const GOOD_FOR_MS = 5_000

export function createDatabaseClock(): DatabaseClock {
  let heardAt = -Infinity
  let said = 0
  let last = 0
  return {
    heard(now) {
      heardAt = performance.now()
      said = now.getTime()
      last = Math.max(last, said)
    },
    now() {
      const since = performance.now() - heardAt
      if (since > GOOD_FOR_MS) return undefined
      last = Math.max(last, Math.floor(said + since))
      return new Date(last)
    },
  }
}
