import type { Plan } from '../contestant.ts'
import { peerVersions } from '../environment.ts'
import { startProgram } from '../process.ts'
import type { RedisPolicy } from '../redis.ts'
import type { Stage } from '../stage.ts'

const POSTGRES = 'PostgreSQL 18, fsync and synchronous_commit on'

/** Peers that are libraries: their program is measured in its own process, as ours is. */
function library(
  row: string,
  file: string,
  packages: readonly string[],
  plan: Partial<Plan> & Pick<Plan, 'durability'>,
  env: (stage: Stage) => Promise<Record<string, string>>,
): Plan {
  return {
    rows: [row],
    ...plan,
    needs: ['peers', ...(plan.needs ?? [])],
    async start(stage) {
      const child = await startProgram(new URL(`../peers/${file}`, import.meta.url), {
        rows: [row],
        env: { BENCH_ACTORS: String(stage.sizes.actors), ...(await env(stage)) },
      })
      stage.atEnd(child.stop)
      return { ...child, versions: await peerVersions(packages) }
    },
  }
}

const database = async (stage: Stage): Promise<Record<string, string>> => ({
  BENCH_DATABASE_URL: await stage.database(),
})
const redis =
  (policy: RedisPolicy) =>
  async (stage: Stage): Promise<Record<string, string>> => ({
    BENCH_REDIS_URL: (await stage.redis(policy)) ?? '',
  })

export const dbos = library(
  'dbos',
  'dbos.mjs',
  ['@dbos-inc/dbos-sdk'],
  { durability: `${POSTGRES}: workflow, step and state` },
  database,
)

export const effect = library(
  'effect cluster',
  'effect.mjs',
  ['@effect/cluster', '@effect/sql-pg', 'effect'],
  { durability: `${POSTGRES}: message, reply and state` },
  database,
)

export const bullmqPostgres = library(
  'bullmq postgres',
  'bullmq.mjs',
  ['bullmq'],
  { durability: `${POSTGRES}: the job; there is no state` },
  database,
)

export const bullmqRedis = library(
  'bullmq redis',
  'bullmq.mjs',
  ['bullmq', 'ioredis'],
  {
    durability: 'Redis, append-only file synced once a second: up to a second may be lost; there is no state',
    needs: ['redis'],
  },
  redis('everysec'),
)

export const bullmqRedisSynced = library(
  'bullmq redis synced',
  'bullmq.mjs',
  ['bullmq', 'ioredis'],
  { durability: 'Redis, append-only file synced with every write: the job; there is no state', needs: ['redis'] },
  redis('always'),
)
