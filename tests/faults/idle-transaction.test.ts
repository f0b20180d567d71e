import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProxy, type Proxy } from '../../chaos/proxy.ts'
import { createStatementReader } from '../../chaos/statements.ts'
import { checkBackup, restoreBackup, writeBackup } from '../../db/backup.ts'
import { listTables } from '../../db/migrate.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { TEMP_PREFIX } from '../support/leftovers.ts'
import { startPlatform } from '../support/platform.ts'

/** The way there and back takes longer than a transaction may stand idle. */
const IDLE_MS = 30
const WAY_MS = 60

describe('a transaction that PostgreSQL ends because it stands idle', { timeout: 60_000 }, () => {
  let source: TestDatabase
  let target: TestDatabase
  let folder: string
  let whole: string
  const proxies: Proxy[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
    whole = join(folder, 'whole.backup')
    source = await createTestDatabase()
    target = await createTestDatabase()
    const at = await startPlatform({ database: source, templates: true })
    await at.stop()
    await writeBackup(source.url, whole)
  }, 60_000)
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()))
    await Promise.all([source.drop(), target.drop()])
    await rm(folder, { recursive: true, force: true })
  })

  async function ask(database: TestDatabase, text: string): Promise<Record<string, unknown>[]> {
    const sql = postgres(database.url, { max: 1, onnotice: () => undefined })
    try {
      return await sql.unsafe(text)
    } finally {
      await sql.end()
    }
  }

  async function impatient(database: TestDatabase, ms: number): Promise<void> {
    await ask(
      database,
      `alter database ${new URL(database.url).pathname.slice(1)} set idle_in_transaction_session_timeout = ${ms}`,
    )
  }

  /** The same database at the end of a slow way. */
  async function farAway(database: TestDatabase): Promise<string> {
    const url = new URL(database.url)
    const port = Number(url.port)
    const proxy = await createProxy({ target: () => port, reader: createStatementReader, chance: Math.random })
    proxies.push(proxy)
    proxy.setWeather({ kind: 'slow', fromMs: WAY_MS, toMs: WAY_MS })
    url.port = String(proxy.port)
    return url.href
  }

  /** That it was the server, and for this reason, its own words show; after them it hangs up. */
  const ENDED = /idle-in-transaction|CONNECTION_(CLOSED|ENDED)|terminated/i

  it('leaves no backup behind, nor a part of one, and the next one is whole', async () => {
    const path = join(folder, 'broken.backup')
    await impatient(source, IDLE_MS)
    await expect(writeBackup(await farAway(source), path)).rejects.toThrow(ENDED)
    expect(await readdir(folder)).toEqual(['whole.backup'])
    await impatient(source, 0)
    await writeBackup(source.url, path)
    expect((await checkBackup(path)).rows).toBe((await checkBackup(whole)).rows)
  })

  it('leaves nothing of a restore behind, and no statement is carried out past its end', async () => {
    const tables = await listTables()
    const rows = async (): Promise<number> => {
      const counts = await ask(
        target,
        tables.map((name) => `select count(*)::int as n from ${name}`).join(' union all '),
      )
      return counts.reduce((sum, { n }) => sum + Number(n), 0)
    }
    const before = [await rows(), await ask(target, 'select id from installation')]
    await impatient(target, IDLE_MS)
    await expect(restoreBackup(await farAway(target), whole)).rejects.toThrow(ENDED)
    expect([await rows(), await ask(target, 'select id from installation')]).toEqual(before)
    await impatient(target, 0)
    const { rows: restored } = await restoreBackup(target.url, whole)
    expect(await rows()).toBe(restored)
  })
})
