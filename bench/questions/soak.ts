import { expectBooks, query } from '../books.ts'
import { expectReplay, expectStatus } from '../contestants/troupe-http.ts'
import { drive, openBooks } from '../drive.ts'
import { connect, forEach } from '../http.ts'
import { residentMb } from '../resident.ts'
import { startTroupe } from '../server.ts'
import { median } from '../stats.ts'
import type { Question } from './question.ts'

const WORK = '{"type":"WORK"}'
const LANES = 16
const SLICES = 10

/** Tables whose rows come and go, or change all the time: what grows here is bloat. History grows by what was done. */
const HOT = ['actors', 'mailbox', 'timers', 'invocations']

interface Slice {
  perSecond: number
  p50Ms: number
  p99Ms: number
  bytes: number
  connections: number
  memoryMb: number
}

/**
 * Steady load for a long time, in ten slices: whether memory, connections, the size of tables that should not grow, or
 * latency creep up. Compares the last slice with the second; the first one is the warm-up.
 */
export const soak: Question = {
  name: 'soak',
  async ask(stage) {
    const { actors, soakMs } = stage.sizes
    const server = await startTroupe(stage, 'embedded')
    const client = connect(server.url, LANES)
    await forEach(actors, LANES, async (actor) =>
      expectStatus(await client.put(`/v1/actors/counter/c${actor}`, '{}'), 201),
    )
    const books = openBooks(actors)
    const call = async (): Promise<void> => {
      const actor = books.next()
      expectStatus(await client.post(`/v1/actors/counter/c${actor}/events?wait=10s`, WORK), 200)
      books.acknowledge(actor)
    }
    const look = async () => {
      const [row] = await query<{ bytes: number; connections: number }>(
        server.databaseUrl,
        `select (select sum(pg_total_relation_size(name::regclass))::float8 from unnest($1::text[]) as t(name)) as bytes,
           (select count(*)::int from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()) as connections`,
        [HOT],
      )
      return { bytes: row?.bytes ?? 0, connections: row?.connections ?? 0, memoryMb: await residentMb(server.pid) }
    }
    const slices: Slice[] = []
    for (let slice = 0; slice < SLICES; slice++) {
      const { events, seconds, p50Ms, p99Ms } = await drive({ lanes: LANES, durationMs: soakMs / SLICES, call })
      slices.push({ perSecond: events / seconds, p50Ms, p99Ms, ...(await look()) })
    }
    await expectBooks(
      server.databaseUrl,
      'counter',
      books.acknowledged.reduce((sum, count) => sum + count, 0),
    )
    for (let n = 0; n < 20; n++) await expectReplay(server.url, `counter/c${(n * 37) % actors}`)
    await client.close()
    await server.stop()
    const [, early, ...later] = slices
    const late = later.at(-1)
    const growth = (of: (slice: Slice) => number): number => (early && late ? of(late) / of(early) : Number.NaN)
    return {
      seconds: soakMs / 1_000,
      'events per second': median(slices.map(({ perSecond }) => perSecond)),
      'memory, MB at the end': late?.memoryMb ?? Number.NaN,
      'memory, last tenth vs second': growth(({ memoryMb }) => memoryMb),
      'connections at the end': late?.connections ?? Number.NaN,
      'connections, last tenth vs second': growth(({ connections }) => connections),
      'hot tables, MB at the end': (late?.bytes ?? Number.NaN) / 1_048_576,
      'hot tables, last tenth vs second': growth(({ bytes }) => bytes),
      'latency p50, last tenth vs second': growth(({ p50Ms }) => p50Ms),
      'latency p99, last tenth vs second': growth(({ p99Ms }) => p99Ms),
      'speed, last tenth vs second': growth(({ perSecond }) => perSecond),
    }
  },
}
