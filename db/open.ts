import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import { AppError } from '../core/errors.ts'
import type { EmbeddedOptions } from './embedded.ts'
import { startEmbeddedPostgres } from './embedded.ts'

export interface OpenDatabase {
  /** Holds a password: never log it. */
  url: string
  /** Ends the server if this started it. */
  stop(): Promise<void>
}

/**
 * The database that the environment describes, for programs that look at it from beside a platform: the one of the URL;
 * else the embedded one, which may be in use by a platform that runs, and is started for the while when none does.
 */
export async function openDatabase(options: {
  databaseUrl: string | undefined
  dataDir: string
  log: EmbeddedOptions['log']
  /** Makes a new one in an empty folder; else that is refused (`config.invalid`). */
  create?: boolean
}): Promise<OpenDatabase> {
  const { databaseUrl, dataDir, log, create = false } = options
  const url = databaseUrl ?? (await findRunning(dataDir))
  if (url !== undefined) return { url, stop: () => Promise.resolve() }
  if (!create && !existsSync(join(dataDir, 'postgres', 'PG_VERSION')))
    throw new AppError(
      'config.invalid',
      `There is no database in ${dataDir}: set DATABASE_URL, or TROUPE_DATA_DIR to the folder of a platform`,
    )
  return startEmbeddedPostgres({ dataDir, log })
}

/** Where the server of a platform that runs on this folder listens; the fourth line of its pid file is the port. */
async function findRunning(dataDir: string): Promise<string | undefined> {
  const password = await readFile(join(dataDir, 'postgres.password'), 'utf8').catch(() => undefined)
  const pidFile = await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '')
  const port = Number(pidFile.split('\n')[3])
  if (password === undefined || !(port > 0)) return undefined
  const url = `postgres://troupe:${password}@127.0.0.1:${port}/troupe`
  const sql = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined })
  // Nobody listens there, or somebody else: the folder's server is not up.
  const up = await sql`select 1`.then(
    () => true,
    () => false,
  )
  await sql.end({ timeout: 1 })
  return up ? url : undefined
}
