import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import type { TestProject } from 'vitest/node'
import { buildConsole } from '../../console/build.ts'
import { createLog } from '../../core/log.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../db/embedded.ts'
import { migrate } from '../../db/migrate.ts'
import { chooseBrowser } from './browser.ts'
import { removeLeftovers, TEMP_PREFIX } from './leftovers.ts'
import { chooseRedis } from './redis.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The embedded server's own database, from which test databases are made. */
    adminUrl: string
    /** Where Redis comes from in this run, if from anywhere. */
    redis: { url?: string; program?: string }
    /** What the console is tested in, if there is one. */
    browser: { program?: string }
  }
}

/** One PostgreSQL for the whole run, with a migrated database to copy from. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await chooseRedis()
  const browser = await chooseBrowser()
  // What the server serves at `/`: made once for all files.
  await buildConsole()
  await removeLeftovers()
  const dataDir = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
  const remove = (): Promise<void> => rm(dataDir, { recursive: true, force: true })
  const server = await startServer(dataDir, remove)
  const teardown = async (): Promise<void> => {
    await server.stop()
    await remove()
  }
  try {
    await createTemplate(server.url)
  } catch (error) {
    await teardown()
    throw error
  }
  project.provide('adminUrl', server.url)
  project.provide('redis', redis)
  project.provide('browser', browser)
  console.log(`Backends of this run: PostgreSQL 18 (embedded)${redis.note}${browser.note}`)
  return teardown
}

async function startServer(dataDir: string, remove: () => Promise<void>): Promise<EmbeddedPostgres> {
  try {
    return await startEmbeddedPostgres({
      dataDir,
      log: createLog('warn'),
      // Nothing here has to survive a power cut, and many test files keep their pools open at once.
      settings: { fsync: 'off', full_page_writes: 'off', max_connections: '300', autovacuum: 'off' },
    })
  } catch (error) {
    await remove()
    throw error
  }
}

async function createTemplate(adminUrl: string): Promise<void> {
  const sql = postgres(adminUrl, { max: 1 })
  try {
    await sql`create database template_troupe`
  } finally {
    await sql.end()
  }
  const url = new URL(adminUrl)
  url.pathname = '/template_troupe'
  await migrate(url.href)
}
