import { createRuntime } from '../../actors/runtime.ts'
import { compareCounts } from '../contestant.ts'
import { drive, openBooks } from '../drive.ts'
import { machines } from '../machines.ts'
import { serve } from './program.ts'

/** Troupe as a library, embedded PostgreSQL and all, in the process that asks. */

const actors = Number(process.env['BENCH_ACTORS'])
const redisUrl = process.env['BENCH_REDIS_URL']
const runtime = await createRuntime({
  machines,
  dataDir: process.env['BENCH_FOLDER'] ?? '.troupe',
  ...(redisUrl ? { redisUrl } : {}),
})
await runtime.start()
const books = openBooks(actors)
const addresses = await runtime.spawnAll(
  'counter',
  Array.from({ length: actors }, (_, actor) => ({ key: `c${actor}` })),
)

serve({
  measure: (_row, durationMs) =>
    drive({
      lanes: 64,
      durationMs,
      async call() {
        const actor = books.next()
        await runtime.ask(addresses[actor] ?? '', { type: 'WORK' })
        books.acknowledge(actor)
      },
    }),

  async verify() {
    const applied: number[] = []
    for (const address of addresses) {
      const { context } = await runtime.snapshot(address)
      applied.push((context as { count: number }).count)
      const { equal } = await runtime.replay(address)
      if (!equal) throw new Error(`${address} does not replay to its state`)
    }
    compareCounts('troupe library', books.acknowledged, applied)
    return addresses.length
  },

  stop: () => runtime.stop(),
})
