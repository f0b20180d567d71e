import type { Plan } from '../contestant.ts'
import { startProgram } from '../process.ts'

/** The same rows in one connection, 64 events a commit, and nothing else: as fast as these tables can be written. */
export const floor: Plan = {
  rows: ['floor'],
  durability: 'PostgreSQL 18, fsync and synchronous_commit on',
  async start(stage) {
    const child = await startProgram(new URL('../programs/floor.ts', import.meta.url), {
      rows: ['floor'],
      execArgv: [],
      env: { BENCH_DATABASE_URL: await stage.database(), BENCH_ACTORS: String(stage.sizes.actors) },
    })
    stage.atEnd(child.stop)
    return { ...child, versions: {} }
  },
}

/** XState in memory. */
export const ceiling: Plan = {
  rows: ['ceiling'],
  durability: 'none: memory',
  async start(stage) {
    const child = await startProgram(new URL('../programs/ceiling.ts', import.meta.url), {
      rows: ['ceiling'],
      execArgv: [],
      env: { BENCH_ACTORS: String(stage.sizes.actors) },
    })
    stage.atEnd(child.stop)
    return { ...child, versions: {} }
  },
}
