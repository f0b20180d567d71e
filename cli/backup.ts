import type { Config } from '../core/config.ts'
import { createLog } from '../core/log.ts'
import { type BackupReport, checkBackup, restoreBackup, writeBackup } from '../db/backup.ts'
import { openDatabase } from '../db/open.ts'
import { raiseFences } from '../machines/lock-restored.ts'

/** One consistent file of everything in the database, also while platforms use it. */
export async function backUp(config: Config, path: string): Promise<string> {
  return describe('written to', path, await onDatabase(config, false, (url) => writeBackup(url, path)))
}

/** Puts a backup into an empty database; `check` reads it to its end and leaves every database alone. */
export async function restore(config: Config, path: string, check: boolean): Promise<string> {
  if (check) return describe('is whole:', path, await checkBackup(path))
  return describe(
    'restored from',
    path,
    await onDatabase(config, true, (url) => restoreBackup(url, path, { lock: raiseFences })),
  )
}

async function onDatabase<Answer>(
  config: Config,
  create: boolean,
  work: (url: string) => Promise<Answer>,
): Promise<Answer> {
  const { databaseUrl, dataDir, logLevel } = config
  const database = await openDatabase({ databaseUrl, dataDir, log: createLog(logLevel), create })
  try {
    return await work(database.url)
  } finally {
    await database.stop()
  }
}

function describe(what: string, path: string, { takenAt, schema, tables, rows }: BackupReport): string {
  const most = tables.filter((table) => table.rows > 0).map((table) => `${table.name} ${table.rows}`)
  return `${rows} rows ${what} ${path}, as of ${takenAt}, schema ${schema.at(-1) ?? 'empty'}\n${most.join(', ')}\n`
}
