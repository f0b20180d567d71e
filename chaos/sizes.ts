import type { RunOptions } from './run.ts'

type Size = Pick<RunOptions, 'size' | 'workers' | 'lockClients' | 'spanMs' | 'restMs' | 'patienceMs' | 'keptMs'>

/** A run of minutes: what `npm run chaos` does. */
export const FULL: Size = {
  size: { clients: 10, cells: 80, relays: 12, clocks: 16, families: 8, paceMs: 160 },
  workers: 2,
  lockClients: 4,
  spanMs: 4_000,
  restMs: 90_000,
  patienceMs: 300_000,
  keptMs: 45_000,
}

/** A run of seconds, for the test suite and for mutations. */
export const SHORT: Size = {
  size: { clients: 6, cells: 24, relays: 6, clocks: 8, families: 4, paceMs: 80 },
  workers: 2,
  lockClients: 2,
  spanMs: 2_500,
  restMs: 25_000,
  patienceMs: 30_000,
  keptMs: 20_000,
}
