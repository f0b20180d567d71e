/** How much a run measures. Printed with every result: figures of `--quick` are rougher, and say so. */
export interface Sizes {
  actors: number
  rounds: number
  roundMs: number
  /** V8 compiles what is hot while it runs: a server that has just started serves half of what it serves ten seconds later. */
  warmUpMs: number
  /** Reports of alerts that are followed to their first tool call. */
  alerts: number
  waiters: number
  timers: number
  backlog: number
  idleActors: number
  watchers: number
  transitions: number
  soakMs: number
}

export const FULL: Sizes = {
  actors: 1_000,
  rounds: 5,
  roundMs: 5_000,
  warmUpMs: 10_000,
  alerts: 100,
  waiters: 100,
  timers: 100_000,
  backlog: 1_000_000,
  idleActors: 1_000_000,
  watchers: 200,
  transitions: 100_000,
  soakMs: 600_000,
}

export const QUICK: Sizes = {
  actors: 500,
  rounds: 3,
  roundMs: 1_000,
  warmUpMs: 2_000,
  alerts: 20,
  waiters: 50,
  timers: 5_000,
  backlog: 20_000,
  idleActors: 10_000,
  watchers: 100,
  transitions: 5_000,
  soakMs: 6_000,
}
