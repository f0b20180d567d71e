import { createPlatform, type RunningPlatform } from '../actors/agents/platform.ts'
import type { Config } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { createLog } from '../core/log.ts'
import { connect, type Sql } from '../db/client.ts'
import { requireSchema } from '../db/migrate.ts'
import { openDatabase } from '../db/open.ts'
import { createToolCatalog, createTools } from '../tools/catalog.ts'
import { openVault } from './vault.ts'

/**
 * Opens the database for a command that only looks: it is neither made nor migrated, nor is a key. Refuses one that is
 * behind this build (`database.schema_older`) unless the command can read it (`older`).
 */
export async function lookInto<T>(
  { databaseUrl, dataDir, logLevel }: Config,
  work: (sql: Sql) => Promise<T>,
  { older = false }: { older?: boolean } = {},
): Promise<T> {
  const database = await openDatabase({ databaseUrl, dataDir, log: createLog(logLevel) })
  try {
    await requireSchema(database.url, { older })
    const sql = connect(database.url, { max: 4, name: 'troupe cli' })
    try {
      return await work(sql)
    } finally {
      await sql.end({ timeout: 1 })
    }
  } finally {
    await database.stop()
  }
}

/**
 * For a command that can ask a platform instead of opening its database. Throws `database.in_use` with how to do that, where
 * a platform holds the database: to stop it is no remedy for who only wants to know.
 */
export async function orByUrl<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== 'database.in_use') throw cause
    const { pid, dataDir } = cause.details
    const words = `A platform (process ${String(pid)}) is using ${String(dataDir)}: name it with --url, as in --url http://127.0.0.1:3000`
    throw new AppError('database.in_use', words, { cause, details: { pid, dataDir } })
  }
}

/** Opens the platform's database for a command that writes there, and migrates it; nothing is started, nothing runs. */
export async function withPlatform<T>(config: Config, work: (platform: RunningPlatform) => Promise<T>): Promise<T> {
  const platform = await createPlatform({
    version: '0',
    roles: ['api'],
    dataDir: config.dataDir,
    log: createLog(config.logLevel),
    vault: await openVault(config),
    tools: createToolCatalog(createTools({ allowedHosts: [] })),
    ...(config.databaseUrl === undefined ? {} : { databaseUrl: config.databaseUrl }),
    ...(config.redisUrl === undefined ? {} : { redisUrl: config.redisUrl }),
  })
  try {
    return await work(platform)
  } finally {
    await platform.stop()
  }
}
