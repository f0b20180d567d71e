import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuntime } from '../../actors/runtime.ts'
import { acquireDataLock } from '../../db/embedded/lock.ts'
import { migrate } from '../../db/migrate.ts'
import { troupe } from '../scenarios/programs.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts'
import { TEMP_PREFIX } from '../support/leftovers.ts'
import { machines } from './fixtures/traffic.ts'

const TRAFFIC = fileURLToPath(new URL('./fixtures/traffic.ts', import.meta.url))
const KEYS = ['keys', 'list']
const REPLAY = ['replay', '--all']
const CHECK = ['machines', 'check']

let folder: string
let old: TestDatabase
let empty: TestDatabase
let present: TestDatabase
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
  old = await createEmptyDatabase()
  empty = await createEmptyDatabase()
  present = await createTestDatabase()
  await migrate(old.url, () => Promise.resolve(), 2)
  await ask(
    old,
    `insert into actors (address, kind, key, status, revision, value, snapshot, machine_hash, version, root)
    values ('traffic/1', 'traffic', '1', 'active', 1, '"waiting"', '{"status":"active","value":"waiting","context":{},"children":{},"historyValue":{}}', 'of-then', '1', 'traffic/1')`,
  )
  const runtime = await createRuntime({ databaseUrl: present.url, machines })
  await runtime.start()
  await runtime.spawn('traffic', { key: '1' })
  await runtime.ask('traffic/1', { type: 'NEXT' })
  await runtime.stop()
}, 60_000)
afterAll(async () => {
  for (const database of [old, empty, present]) await database.drop()
  await rm(folder, { recursive: true })
})

async function ask({ url }: TestDatabase, text: string): Promise<object[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    return [...(await sql.unsafe(text))]
  } finally {
    await sql.end()
  }
}
/** Everything that a command could have made or changed. */
const stateOf = async (database: TestDatabase): Promise<object> => ({
  tables: await ask(
    database,
    `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^(pg_|information_schema)' order by 1`,
  ),
  files: await readdir(folder),
})
/** On a port where nobody listens: `replay` asks a running platform first. */
const look = (args: string[], env: Record<string, string>) =>
  troupe(args, {
    PORT: '1',
    TROUPE_DATA_DIR: folder,
    REDIS_URL: '',
    TROUPE_SECRET_KEY: '',
    TROUPE_MACHINES: '',
    ...env,
  })

describe('a command that only looks', { timeout: 180_000 }, () => {
  it.each([[KEYS], [REPLAY]])(
    '%j refuses a database of an earlier version with the remedy, and leaves it as it is',
    async (args) => {
      const before = await stateOf(old)
      const { code, text } = await look(args, { DATABASE_URL: old.url })
      expect([code, text]).toEqual([2, expect.stringMatching(/^troupe: .*0003_console.*backup.*start[^\n]*\n$/)])
      expect(await stateOf(old)).toEqual(before)
    },
  )

  it('checks machines against a database of an earlier version, which stays as it is', async () => {
    const before = await stateOf(old)
    const alone = await look(CHECK, { DATABASE_URL: old.url })
    expect([alone.code, alone.text]).toEqual([
      1,
      expect.stringMatching(/no machine {2}traffic in "waiting"[^]*TROUPE_MACHINES/),
    ])
    const hosted = await look(CHECK, { DATABASE_URL: old.url, TROUPE_MACHINES: TRAFFIC })
    expect([hosted.code, hosted.text]).toEqual([
      0,
      expect.stringMatching(/migrates {4}traffic in "waiting", version 1 → 2\n/),
    ])
    expect(await stateOf(old)).toEqual(before)
  })

  it.each([[KEYS], [REPLAY], [CHECK]])(
    '%j makes nothing in a database or a folder that has none of Troupe',
    async (args) => {
      const before = await stateOf(empty)
      const there = await look(args, { DATABASE_URL: empty.url })
      expect([there.code, there.text]).toEqual([2, expect.stringMatching(/^troupe: .*DATABASE_URL[^\n]*\n$/)])
      expect(await stateOf(empty)).toEqual(before)
      const here = await look(args, { DATABASE_URL: '' })
      expect([here.code, here.text]).toEqual([2, expect.stringMatching(/^troupe: There is no database in [^\n]*\n$/)])
      expect(await readdir(folder)).toEqual([])
    },
  )

  it('backs up and examines a database of an earlier version, which stays as it is', async () => {
    const before = await stateOf(old)
    const file = join(tmpdir(), `${TEMP_PREFIX}${process.pid}.backup`)
    expect(await look(['backup', file], { DATABASE_URL: old.url })).toMatchObject({
      code: 0,
      text: expect.stringContaining('schema 0002_platform'),
    })
    await rm(file)
    const doctor = await look(['doctor'], { DATABASE_URL: old.url })
    expect(doctor.text).toMatch(/^WARNING {2}migrations: not applied yet: 0003_console/m)
    expect(await stateOf(old)).toEqual(before)
    expect(await look(['backup', file], { DATABASE_URL: '' })).toMatchObject({ code: 2 })
    expect(await readdir(folder)).toEqual([])
  })

  it('knows the machines of TROUPE_MACHINES: an actor of one replays', async () => {
    const env = { DATABASE_URL: present.url, TROUPE_MACHINES: TRAFFIC }
    expect(await look(REPLAY, env)).toEqual({ code: 0, text: '1 replayed, 0 different from what is stored\n' })
    expect(await look(['replay', 'traffic/1'], env)).toMatchObject({ code: 0 })
    const check = await look(CHECK, env)
    expect([check.code, check.text]).toEqual([0, expect.stringContaining('fits: 1')])
    expect(await look(KEYS, env)).toEqual({ code: 0, text: '' })
    expect(await readdir(folder)).toEqual([])
  })
})

describe('a command that can ask a platform', { timeout: 180_000 }, () => {
  it.each([[KEYS], [REPLAY], [['keys', 'create', '--name', 'x', '--role', 'viewer']]])(
    '%j names --url where one has the database, and not the end of it',
    async (args) => {
      const dataDir = await realpath(await mkdtemp(join(tmpdir(), TEMP_PREFIX)))
      // Of a platform that starts: it has its folder, and its database does not answer yet.
      await mkdir(join(dataDir, 'postgres'))
      await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '18\n')
      const lock = await acquireDataLock(join(dataDir, 'postgres.lock'), dataDir)
      const { code, text } = await look(args, { DATABASE_URL: '', TROUPE_DATA_DIR: dataDir })
      await lock.release()
      await rm(dataDir, { recursive: true })
      const words = `troupe: A platform (process ${process.pid}) is using ${dataDir}: name it with --url, as in --url http://`
      expect([code, text.slice(0, words.length)]).toEqual([2, words])
    },
  )
})
