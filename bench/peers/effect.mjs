import { ClusterSchema, Entity, SingleRunner } from '@effect/cluster'
import { Rpc } from '@effect/rpc'
import { SqlClient } from '@effect/sql'
import { PgClient } from '@effect/sql-pg'
import { Effect, Layer, Logger, LogLevel, ManagedRuntime, Redacted, Schema } from 'effect'
import { initialTransition, transition } from 'xstate'
import { compareCounts } from '../contestant.ts'
import { drive, openBooks } from '../drive.ts'
import { serve } from '../programs/program.ts'
import { counter } from './machine.mjs'

// An entity for each actor. Its messages and their replies are persisted by the cluster; the entity reads its state when
// it is activated and writes it on every event.
const { BENCH_DATABASE_URL: databaseUrl, BENCH_ACTORS } = process.env
const actors = Number(BENCH_ACTORS)

const Counter = Entity.make('Counter', [
  Rpc.make('Work', { success: Schema.Number, payload: { id: Schema.String }, primaryKey: ({ id }) => id }),
]).annotateRpcs(ClusterSchema.Persisted, true)

const CounterLive = Counter.toLayer(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const { entityId } = yield* Entity.CurrentAddress
    const [stored] = yield* sql`select snapshot from counters where actor = ${entityId}`.pipe(Effect.orDie)
    let state = stored ? counter.resolveState(stored.snapshot) : initialTransition(counter)[0]
    return {
      Work: () =>
        Effect.gen(function* () {
          const [next] = transition(counter, state, { type: 'WORK' })
          const snapshot = JSON.stringify(counter.getPersistedSnapshot(next))
          yield* sql`insert into counters (actor, snapshot) values (${entityId}, ${snapshot}::json)
            on conflict (actor) do update set snapshot = excluded.snapshot`
          state = next
          return next.context.count
        }).pipe(Effect.orDie),
    }
  }),
)

const Pg = PgClient.layer({ url: Redacted.make(databaseUrl) })
const Cluster = SingleRunner.layer({ runnerStorage: 'sql' })
const Live = CounterLive.pipe(
  Layer.provideMerge(Cluster),
  Layer.provideMerge(Pg),
  Layer.provide(Logger.minimumLogLevel(LogLevel.Error)),
)
const runtime = ManagedRuntime.make(Live)
await runtime.runPromise(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`create table counters (actor text primary key, snapshot json not null)`
  }),
)
const client = await runtime.runPromise(Counter.client)
const books = openBooks(actors)
let last = 0

serve({
  measure: (_row, durationMs) =>
    drive({
      lanes: 64,
      durationMs,
      async call() {
        const actor = books.next()
        await runtime.runPromise(client(`c${actor}`).Work({ id: String(++last) }))
        books.acknowledge(actor)
      },
    }),

  async verify() {
    const rows = await runtime.runPromise(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        return yield* sql`select actor, snapshot from counters`
      }),
    )
    const applied = new Map(rows.map(({ actor, snapshot }) => [actor, snapshot.context.count]))
    compareCounts(
      'effect cluster',
      books.acknowledged,
      books.acknowledged.map((_, actor) => applied.get(`c${actor}`) ?? 0),
    )
    return rows.length
  },

  stop: () => runtime.dispose(),
})
