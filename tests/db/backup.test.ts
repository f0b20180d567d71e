import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMachine } from 'xstate'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { checkBackup, restoreBackup, writeBackup } from '../../db/backup.ts'
import { listTables } from '../../db/migrate.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts'
import { expectInvariants } from '../support/invariants.ts'
import { TEMP_PREFIX } from '../support/leftovers.ts'

const bell = createMachine({ on: { RING: {} } })
const databases: TestDatabase[] = []
let folder: string
let source: TestDatabase
let file: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
  source = await made(createTestDatabase())
  file = join(folder, 'whole.backup')
  await on(source, async (runtime) => {
    await runtime.spawn('bell', { key: 'a' })
    // Line ends of every kind, tabs, backslashes and a NULL's look.
    for (const text of ['plain', 'a\nb\r\nc\u2028d\te', '\\N', '\\.', '', '日本 🎉'])
      await runtime.send('bell/a', { type: 'RING', text })
    await runtime.settled('bell/a')
  })
  await writeBackup(source.url, file)
})
afterAll(async () => {
  for (const database of databases) await database.drop()
  await rm(folder, { recursive: true, force: true })
})

async function made(database: Promise<TestDatabase>): Promise<TestDatabase> {
  databases.push(await database)
  return database
}
async function on<T>({ url }: TestDatabase, work: (runtime: Runtime) => Promise<T>): Promise<T> {
  const runtime = await createRuntime({ databaseUrl: url, machines: { bell } })
  await runtime.start()
  try {
    return await work(runtime)
  } finally {
    await runtime.stop()
  }
}
async function ask<Row extends object>({ url }: TestDatabase, text: string): Promise<Row[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    return await sql.unsafe<Row[]>(text)
  } finally {
    await sql.end()
  }
}

it('holds every table that the migrations make', async () => {
  const tables = await ask<{ name: string }>(
    source,
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relpersistence = 'p' and relname <> 'schema_migrations'`,
  )
  expect(new Set((await checkBackup(file)).tables.map(({ name }) => name))).toEqual(
    new Set(tables.map(({ name }) => name)),
  )
  expect(new Set(await listTables())).toEqual(new Set(tables.map(({ name }) => name)))
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['whole.backup'])
})

it('comes back byte for byte, counts on where it stopped, and is an installation of its own', async () => {
  const target = await made(createEmptyDatabase())
  await restoreBackup(target.url, file)
  for (const table of await listTables()) {
    if (table === 'installation') continue
    const rows = `select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) as hash, count(*)::int as rows from "${table}" t`
    expect(await ask(target, rows), table).toEqual(await ask(source, rows))
  }
  expect(await ask(target, 'select id from installation')).not.toEqual(await ask(source, 'select id from installation'))
  const last = `select last_value from pg_sequences where sequencename = 'history_seq_seq'`
  expect(await ask(target, last)).toEqual(await ask(source, last))
  await on(target, async (runtime) => {
    await runtime.ask('bell/a', { type: 'RING' })
    await expectInvariants(runtime, target.url)
  })
})

it('goes on in order for readers of the log, on a server that has counted less far', async () => {
  const target = await made(createEmptyDatabase())
  await restoreBackup(target.url, file)
  // As if the backup came from a server with a billion transactions more.
  await ask(target, `update history set xid = (xid::text::bigint + 1000000000)::text::xid8`)
  const [end] = await ask<{ cursor: string }>(
    target,
    `select xid::text || '.' || seq as cursor from history order by xid desc, seq desc limit 1`,
  )
  for (const again of [1, 2]) {
    await on(target, async (runtime) => {
      const seen: string[] = []
      const signal = AbortSignal.timeout(15_000)
      await runtime.ask('bell/a', { type: 'RING', again })
      for await (const { messageId } of runtime.followAll({ cursor: '0.0', signal })) {
        seen.push(messageId)
        if (seen.length === 7 + again) break
      }
      expect(seen[0]).toBe('xstate.init')
      for await (const { event } of runtime.followAll({ cursor: end?.cursor ?? '', signal })) {
        expect(event).toMatchObject({ type: 'RING', again: 1 })
        break
      }
    })
  }
}, 60_000)

it('is taken at one moment, while work goes on', async () => {
  const busy = join(folder, 'busy.backup')
  await on(source, async (runtime) => {
    let sending = true
    const sender = (async () => {
      while (sending) await runtime.ask('bell/a', { type: 'RING' })
    })()
    await writeBackup(source.url, busy)
    sending = false
    await sender
  })
  const target = await made(createEmptyDatabase())
  await restoreBackup(target.url, busy)
  await on(target, (runtime) => expectInvariants(runtime, target.url))
})

it('is refused when a byte of it was changed or its end is missing, before anything is touched', async () => {
  const text = gunzipSync(await readFile(file))
  const place = text.indexOf('plain')
  text.write('plaid', place)
  const changed = join(folder, 'changed.backup')
  await writeFile(changed, gzipSync(text))
  const cut = join(folder, 'cut.backup')
  await writeFile(cut, (await readFile(file)).subarray(0, -40))
  const other = join(folder, 'other.backup')
  await copyFile(new URL(import.meta.url), other)
  const target = await made(createEmptyDatabase())
  for (const bad of [changed, cut, other, join(folder, 'missing')])
    await expect(restoreBackup(target.url, bad), bad).rejects.toMatchObject({ code: 'backup.damaged' })
  expect(await ask(target, `select to_regclass('actors')::text as found`)).toEqual([{ found: null }])
})

it('never overwrites a database that somebody uses', async () => {
  await expect(restoreBackup(source.url, file)).rejects.toMatchObject({ code: 'backup.target_in_use' })
})

it('is refused by a build that is older than the one that made it', async () => {
  const newer = join(folder, 'newer.backup')
  const [header = '', ...rest] = gunzipSync(await readFile(file))
    .toString()
    .split('\n')
  const { schema, ...others } = JSON.parse(header) as { schema: string[] }
  await writeFile(
    newer,
    gzipSync([JSON.stringify({ ...others, schema: [...schema, '9999_later'] }), ...rest].join('\n')),
  )
  const target = await made(createEmptyDatabase())
  await expect(restoreBackup(target.url, newer)).rejects.toMatchObject({
    code: 'database.schema_newer',
    message: expect.stringContaining('9999_later'),
  })
})
