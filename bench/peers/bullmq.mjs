import { createPostgresBackend, Queue, runMigrations, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'
import { drive } from '../drive.ts'
import { serve } from '../programs/program.ts'

// One job an event, in one process: added, taken by the worker, completed. There is no state: the job does nothing.
const { BENCH_REDIS_URL: redisUrl, BENCH_DATABASE_URL: databaseUrl, BENCH_CONCURRENCY } = process.env
const CONCURRENCY = Number(BENCH_CONCURRENCY ?? 64)
const waiting = new Map()
let acknowledged = 0
let processed = 0

const work = async () => {
  processed += 1
}
const options = { concurrency: CONCURRENCY }
const { queue, worker, clients } = redisUrl ? onRedis() : await onPostgres()
await worker.waitUntilReady()
worker.on('completed', (job) => {
  waiting.get(job.name)?.()
  waiting.delete(job.name)
})
worker.on('error', (error) => process.stderr.write(`bullmq: ${error.message}\n`))

function onRedis() {
  const adding = new Redis(redisUrl)
  const blocking = new Redis(redisUrl, { maxRetriesPerRequest: null })
  return {
    queue: new Queue('events', { connection: adding }),
    worker: new Worker('events', work, { ...options, connection: blocking }),
    clients: [adding, blocking],
  }
}

async function onPostgres() {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  await client.query('create schema if not exists bullmq')
  await runMigrations(client, 'bullmq')
  await client.end()
  const connection = { connectionString: databaseUrl, schema: 'bullmq' }
  return {
    queue: new Queue('events', { connection }, createPostgresBackend),
    worker: new Worker('events', work, { ...options, connection }, createPostgresBackend),
    clients: [],
  }
}

let last = 0
const event = { type: 'WORK' }

serve({
  measure: (_row, durationMs) =>
    drive({
      lanes: 64,
      durationMs,
      async call() {
        const name = String(++last)
        const done = new Promise((resolve) => waiting.set(name, resolve))
        await queue.add(name, event, { removeOnComplete: true, removeOnFail: true })
        await done
        acknowledged += 1
      },
    }),

  async verify() {
    const { failed, waiting: left } = await queue.getJobCounts('failed', 'waiting')
    if (processed !== acknowledged || failed > 0 || left > 0)
      throw new Error(`bullmq: ${acknowledged} acknowledged, ${processed} processed, ${failed} failed, ${left} left`)
    return 0
  },

  async stop() {
    await worker.close()
    await queue.close()
    for (const client of clients) client.disconnect()
  },
})
