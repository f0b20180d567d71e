import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createLog } from '../core/log.ts'
import { startEmbeddedPostgres } from '../db/embedded.ts'
import { type RedisPolicy, startRedis } from './redis.ts'
import type { Sizes } from './sizes.ts'

/** What contestants stand on, and what takes it all down again, however the run ends. */
export interface Stage {
  sizes: Sizes
  /** A folder of its own that is removed at the end. */
  folder(): Promise<string>
  /** An empty database on the PostgreSQL that the peers share, with the settings that ours runs with. */
  database(): Promise<string>
  /** URL of a Redis; one for each policy, shared. `undefined` where redis-server is not installed. */
  redis(policy: RedisPolicy): Promise<string | undefined>
  /** Called in reverse order at the end, also on Ctrl-C. */
  atEnd(stop: () => Promise<void>): void
  say(line: string): void
}

export interface OpenStage extends Stage {
  /** The same stage for one act: what the act leaves behind goes when it is closed, what is shared stays. */
  act(): Stage & { close(): Promise<void> }
  close(): Promise<void>
}

export function openStage(sizes: Sizes, say: (line: string) => void): OpenStage {
  const whole = createLeavings(say)
  let server: Promise<string> | undefined
  const redises = new Map<RedisPolicy, Promise<string | undefined>>()
  let closed: Promise<void> | undefined

  async function startServer(): Promise<string> {
    const postgres = await startEmbeddedPostgres({ dataDir: await whole.folder(), log: createLog('warn') })
    whole.atEnd(() => postgres.stop())
    return postgres.url
  }

  async function launchRedis(policy: RedisPolicy): Promise<string | undefined> {
    const redis = await startRedis(policy, await whole.folder())
    if (redis) whole.atEnd(redis.stop)
    return redis?.url
  }

  const shared = {
    sizes,
    say,
    async database(): Promise<string> {
      const url = new URL(await (server ??= startServer()))
      const name = `bench_${randomBytes(6).toString('hex')}`
      const client = new pg.Client({ connectionString: url.href })
      await client.connect()
      await client.query(`create database ${pg.escapeIdentifier(name)}`)
      await client.end()
      url.pathname = `/${name}`
      return url.href
    },
    redis(policy: RedisPolicy): Promise<string | undefined> {
      const found = redises.get(policy) ?? launchRedis(policy)
      redises.set(policy, found)
      return found
    },
  }
  return {
    ...shared,
    folder: whole.folder,
    atEnd: whole.atEnd,
    act() {
      const { folder, atEnd, close } = createLeavings(say)
      // On Ctrl-C nobody closes the act.
      whole.atEnd(close)
      return { ...shared, folder, atEnd, close }
    },
    close: () => (closed ??= whole.close()),
  }
}

/** What is to be taken away, the latest first. */
function createLeavings(say: (line: string) => void) {
  const ends: (() => Promise<void>)[] = []
  const atEnd = (stop: () => Promise<void>): void => void ends.push(stop)
  return {
    atEnd,
    async folder(): Promise<string> {
      const path = await mkdtemp(join(tmpdir(), 'troupe-bench-'))
      atEnd(() => rm(path, { recursive: true, force: true }))
      return path
    },
    async close(): Promise<void> {
      for (let stop = ends.pop(); stop; stop = ends.pop()) {
        await stop().catch((error: unknown) => say(`  could not clean up: ${String(error)}`))
      }
    },
  }
}
