import { setTimeout as pause } from 'node:timers/promises'
import { createPostgresBackend, Queue } from 'bullmq'
import type { Fault } from '../nemesis.ts'
import { probe, until } from '../strike.ts'

const CROWD = 2_000
const CROWD_AT_ONCE = 250

/** More than usual, of everything; and what nobody sent. */
export const LOAD_FAULTS: readonly Fault[] = [
  {
    id: 'L1',
    what: 'a burst: clients do not pause',
    async strike({ work, ...scene }) {
      work.setPace(0)
      await pause(scene.spanMs)
      work.setPace(100)
      return `${scene.spanMs} ms without a pause; a message applied after ${await probe({ work, ...scene }, 'L1')} ms`
    },
  },
  {
    id: 'L2',
    what: 'one actor gets most of the mail',
    async strike(scene) {
      const stamp = Date.now()
      const from = performance.now()
      await Promise.all(
        Array.from({ length: 300 }, (_, n) => {
          const id = `hot:${stamp}:${n}`
          return scene.work.perform('nemesis', id, {
            do: 'send',
            address: 'cell/0',
            event: { type: 'PUT', from: id, n: 1 },
            id,
          })
        }),
      )
      const accepted = Math.round(performance.now() - from)
      return `300 messages accepted in ${accepted} ms, all applied ${await probe(scene, 'L2')} ms later`
    },
  },
  {
    id: 'L3',
    what: 'many actors have mail when the first worker starts',
    async strike(scene) {
      const { cluster, database, work } = scene
      await Promise.all(cluster.workers().map((seat) => cluster.kill(seat, 'SIGTERM')))
      const crowd = `crowd-${Date.now()}`
      for (let first = 0; first < CROWD; first += CROWD_AT_ONCE) {
        const keys = Array.from({ length: CROWD_AT_ONCE }, (_, n) => `${crowd}-${first + n}`)
        await work.perform('nemesis', `births:${crowd}:${first}`, { do: 'births', kind: 'cell', keys })
        const messages = keys.map((key) => ({
          address: `cell/${key}`,
          event: { type: 'PUT', from: key, n: 1 },
          id: key,
        }))
        await work.perform('nemesis', `batch:${crowd}:${first}`, { do: 'batch', messages })
      }
      const from = performance.now()
      await cluster.heal()
      const started = Math.round(performance.now() - from)
      await until(
        'all mail of the crowd to be applied',
        async () => {
          const [row] = await database.ask<{ n: number }>(
            `select count(*)::int as n from history where revision = 2 and address like $1`,
            [`cell/${crowd}-%`],
          )
          return row?.n === CROWD
        },
        120_000,
      )
      const ms = Math.round(performance.now() - from)
      return `${CROWD} actors; all applied ${ms} ms after the start of the workers, which took ${started} ms`
    },
  },
  {
    id: 'L4',
    what: 'messages of a megabyte',
    async strike(scene) {
      const stamp = Date.now()
      const blob = 'x'.repeat(1_000_000)
      for (let n = 0; n < 10; n++) {
        const id = `wide:${stamp}:${n}`
        await scene.work.perform('nemesis', id, {
          do: 'send',
          address: scene.work.cellOf(n),
          event: { type: 'WIDE', blob },
          id,
        })
      }
      return `10 messages of 1 MB; a message applied after ${await probe(scene, 'L4')} ms`
    },
  },
  {
    id: 'L6',
    what: 'many wait for one device, and its holders never give it back',
    async strike({ work, ...scene }) {
      const stamp = Date.now()
      const tickets = await Promise.all(
        Array.from({ length: 12 }, (_, n) => {
          const key = `wait-${stamp}-${n}`
          return work.perform('nemesis', `acquire:${key}`, { do: 'acquire', pool: 'lock-1', key, ttlMs: 1_000 }, 30_000)
        }),
      )
      await pause(scene.spanMs)
      const names = tickets.flatMap(({ value }) => (value as { ticket: string } | null)?.ticket ?? [])
      await Promise.all(
        names.map((ticket, n) =>
          work.perform('nemesis', `release:${ticket}`, { do: 'release', ticket, by: `wait-${stamp}-${n}` }, 30_000),
        ),
      )
      return `${names.length} waited for ${scene.spanMs} ms`
    },
  },
  {
    id: 'SEC-55',
    what: 'jobs are forged, doubled and out of order in the queue',
    async strike(scene) {
      const { database, redis, random, work } = scene
      const [row] = await database.ask<{ id: string }>('select id::text from installation')
      const prefix = `{troupe-${row?.id.slice(0, 8)}}`
      const jobs = random.shuffle(
        Array.from({ length: 60 }, (_, n) => ({
          name: 'mailbox',
          data:
            n % 3 === 0
              ? { ids: [work.cellOf(n), 'cell/nobody', 'nonsense', '', 7, null] }
              : n % 3 === 1
                ? { ids: 'cell/0' }
                : { evil: true },
        })),
      )
      const add = async (name: string): Promise<void> => {
        const queue: { addBulk(jobs: object[]): Promise<unknown>; close(): Promise<void> } = redis
          ? new Queue(name, { connection: { host: '127.0.0.1', port: redis.port }, prefix })
          : new Queue(
              name,
              { connection: { connectionString: database.url, schema: 'bullmq' }, prefix },
              createPostgresBackend,
            )
        await queue.addBulk(jobs)
        await queue.close()
      }
      await add('mailbox')
      await add('invocations')
      return `${2 * jobs.length} forged jobs; a message applied after ${await probe(scene, 'SEC-55')} ms`
    },
  },
]
