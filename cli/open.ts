import { createPlatform, type RunningPlatform } from '../actors/agents/platform.ts'
import type { Config } from '../core/config.ts'
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
