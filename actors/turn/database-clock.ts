/** The database's time, told from what it last said, so that nobody has to ask for it. */
export interface DatabaseClock {
  /** The database said that it was `now`, in the answer to what it was asked at `askedAt` by `performance.now()`. */
  heard(now: Date, askedAt: number): void
  /**
   * Undefined when the database has said nothing for a while. Behind by as much as the answer took, so never ahead; goes
   * back only where the database does.
   */
  now(): Date | undefined
}

/** In this time, two clocks that both run drift apart by far less than an answer takes to arrive, in milliseconds. */
const GOOD_FOR_MS = 5_000
/** An answer that took longer says too little about what time it is now. */
const SLOW_MS = 1_000

export function createDatabaseClock(): DatabaseClock {
  let heardAt = -Infinity
  /** What this machine made of that moment: its steady clock stands still while it is suspended. */
  let wallAt = 0
  let said = 0
  let last = 0
  return {
    heard(now, askedAt) {
      const at = performance.now()
      if (at - askedAt > SLOW_MS) return
      heardAt = at
      wallAt = Date.now()
      said = now.getTime()
      // An answer that another one overtook is a little older; one that is older still comes from a clock that was set back.
      last = last - said > SLOW_MS ? said : Math.max(last, said)
    },
    now() {
      const since = performance.now() - heardAt
      if (since > GOOD_FOR_MS || Math.abs(Date.now() - wallAt - since) > SLOW_MS) return undefined
      last = Math.max(last, Math.floor(said + since))
      return new Date(last)
    },
  }
}
