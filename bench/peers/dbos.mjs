import { DBOS } from '@dbos-inc/dbos-sdk'
import pg from 'pg'
import { initialTransition, transition } from 'xstate'
import { compareCounts } from '../contestant.ts'
import { drive, openBooks } from '../drive.ts'
import { serve } from '../programs/program.ts'
import { counter } from './machine.mjs'

// A workflow of one step an event. The step reads the actor's state, steps the machine, and writes the state back
// unless this very workflow has written it before: what a step must do to be safe to repeat.
const { BENCH_DATABASE_URL: databaseUrl, BENCH_ACTORS } = process.env
const actors = Number(BENCH_ACTORS)
const pool = new pg.Pool({ connectionString: databaseUrl })
await pool.query('create table counters (actor int primary key, snapshot json not null, applied text)')
const [initial] = initialTransition(counter)
await pool.query('insert into counters (actor, snapshot) select n, $2 from generate_series(0, $1 - 1) n', [
  actors,
  JSON.stringify(counter.getPersistedSnapshot(initial)),
])

const read = { name: 'read', text: 'select snapshot from counters where actor = $1' }
const write = {
  name: 'write',
  text: 'update counters set snapshot = $2, applied = $3 where actor = $1 and applied is distinct from $3',
}

async function work(actor) {
  const { rows } = await pool.query({ ...read, values: [actor] })
  const [next] = transition(counter, counter.resolveState(rows[0].snapshot), { type: 'WORK' })
  await pool.query({
    ...write,
    values: [actor, JSON.stringify(counter.getPersistedSnapshot(next)), DBOS.workflowID],
  })
}
const workflow = DBOS.registerWorkflow(async (actor) => DBOS.runStep(() => work(actor), { name: 'work' }), {
  name: 'event',
})
DBOS.setConfig({ name: 'troupe-bench', systemDatabaseUrl: databaseUrl, logLevel: 'error' })
await DBOS.launch()
const books = openBooks(actors)

serve({
  measure: (_row, durationMs) =>
    drive({
      lanes: 64,
      durationMs,
      async call() {
        const actor = books.next()
        await workflow(actor)
        books.acknowledge(actor)
      },
    }),

  async verify() {
    const { rows } = await pool.query('select snapshot from counters order by actor')
    compareCounts(
      'dbos',
      books.acknowledged,
      rows.map(({ snapshot }) => snapshot.context.count),
    )
    return rows.length
  },

  async stop() {
    await DBOS.shutdown()
    await pool.end()
  },
})
