import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { checkBackup, writeBackup } from '../../db/backup.ts'
import type { Database } from '../database.ts'
import type { Fault } from '../nemesis.ts'
import { createProxy } from '../proxy.ts'
import { createStatementReader } from '../statements.ts'
import { probe } from '../strike.ts'

/** The way takes longer, there and back, than a transaction may stand idle. */
const IDLE_MS = 100
const WAY_MS = 150

/** What works is one statement a turn and stands idle nowhere; a backup that is taken meanwhile is a transaction of many. */
export const POSTGRES_IDLE_FAULTS: readonly Fault[] = [
  {
    id: 'D5',
    what: 'Postgres ends transactions that stand idle, that of a backup among them',
    async strike(scene) {
      const { database, folder, random } = scene
      const before = await endedIdle(database)
      const path = join(folder, `idle-${Date.now()}.backup`)
      const way = await createProxy({
        target: () => database.port,
        reader: createStatementReader,
        chance: random.fork('D5').next,
      })
      way.setWeather({ kind: 'slow', fromMs: WAY_MS, toMs: WAY_MS })
      await database.ask(`alter role troupe set idle_in_transaction_session_timeout = ${IDLE_MS}`)
      let failure: unknown
      try {
        await database.ask(CUT_ALL)
        await writeBackup(database.urlAt(way.port), path).catch((error: unknown) => (failure = error))
      } finally {
        await way.stop()
        await database.ask('alter role troupe reset idle_in_transaction_session_timeout')
        await database.ask(CUT_ALL)
      }
      if (failure === undefined) throw new Error('the backup came to its end')
      const ended = (await endedIdle(database)) - before
      if (ended === 0) throw new Error('no transaction stood idle')
      const ms = await probe(scene, 'D5')
      await writeBackup(database.url, path)
      const { rows } = await checkBackup(path)
      await rm(path)
      return `${ended} transactions ended, a backup with them; a message applied after ${ms} ms; the next backup has ${rows} rows and is whole`
    },
  },
]

/** New connections have the role's new setting. */
const CUT_ALL = `
  select pg_terminate_backend(pid) from pg_stat_activity
  where pid <> pg_backend_pid() and backend_type = 'client backend' and application_name <> 'chaos'`

async function endedIdle({ logFile }: Database): Promise<number> {
  return (await readFile(logFile, 'utf8').catch(() => '')).split('due to idle-in-transaction timeout').length - 1
}
