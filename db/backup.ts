import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import postgres from 'postgres'
import type { StoredSnapshot } from '../core/effect.ts'
import { AppError } from '../core/errors.ts'
import { END_OF_FILE, END_OF_ROWS, type Header, readBackup, type TableEnd } from './backup-file.ts'
import { listApplied, listMigrations, listTables, migrate } from './migrate.ts'

export interface BackupReport {
  takenAt: string
  schema: string[]
  tables: { name: string; rows: number }[]
  rows: number
}

const NEWLINE = 0x0a

/**
 * Writes all that is ours, as it is at one moment, into one file; works while the platform does. The file appears under
 * its name once it is complete and on the disk, and only its owner can read it: it holds what people sent.
 */
export async function writeBackup(databaseUrl: string, path: string): Promise<BackupReport> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined, connect_timeout: 10, types: NUMBERS })
  const draft = `${path}.part`
  try {
    const report = await sql.begin('isolation level repeatable read read only', async (tx) => {
      const header = await describe(tx)
      const tables: BackupReport['tables'] = []
      await pipeline(
        Readable.from(textOf(tx, header, tables)),
        createGzip(),
        createWriteStream(draft, { mode: 0o600, flags: 'w' }),
      )
      const rows = tables.reduce((sum, table) => sum + table.rows, 0)
      return { takenAt: header.takenAt, schema: header.schema, tables, rows }
    })
    await toDisk(draft)
    await rename(draft, path)
    await toDisk(dirname(path))
    return report
  } finally {
    await rm(draft, { force: true })
    await sql.end({ timeout: 5 })
  }
}

async function describe(tx: postgres.TransactionSql): Promise<Header> {
  const schema = await listApplied(tx)
  const known = new Set(await listMigrations())
  const unknown = schema.filter((name) => !known.has(name))
  if (unknown.length > 0)
    throw new AppError(
      'database.schema_newer',
      `The database was migrated by a newer Troupe (${unknown.join(', ')}): use that one`,
    )
  const columns = await tx<{ name: string; columns: string[] }[]>`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relname = any(${await listTables()})
    group by c.relname`
  // In the order in which they are made, so that what refers to another comes after it.
  const tables = (await listTables()).flatMap((name) => columns.find((table) => table.name === name) ?? [])
  const [moment] = await tx<{ now: Date }[]>`select transaction_timestamp() as now`
  return { format: 'troupe-backup/1', takenAt: (moment?.now ?? new Date()).toISOString(), schema, tables: [...tables] }
}

async function* textOf(
  tx: postgres.TransactionSql,
  header: Header,
  told: BackupReport['tables'],
): AsyncGenerator<string | Buffer> {
  yield `${JSON.stringify(header)}\n`
  for (const { name, columns } of header.tables) {
    const hash = createHash('sha256')
    let rows = 0
    const copy = await tx`copy ${tx(name)} (${columnList(tx, columns)}) to stdout`.readable()
    for await (const chunk of copy as AsyncIterable<Buffer>) {
      hash.update(chunk)
      for (const byte of chunk) if (byte === NEWLINE) rows += 1
      yield chunk
    }
    const end: TableEnd = { rows, sha256: hash.digest('hex'), sequences: await sequencesOf(tx, name) }
    yield `${END_OF_ROWS}\n${JSON.stringify(end)}\n`
    told.push({ name, rows })
  }
  yield `${END_OF_FILE}\n`
}

/** The last number that each counting column gave: more than its rows tell, since those are deleted. */
async function sequencesOf(tx: postgres.TransactionSql, table: string): Promise<Record<string, number>> {
  const rows = await tx<{ column: string; last: number | null }[]>`
    select a.attname as column, pg_sequence_last_value(pg_get_serial_sequence(quote_ident(${table}), a.attname)::regclass) as last
    from pg_attribute a
    where a.attrelid = to_regclass(quote_ident(${table})) and a.attidentity <> ''`
  return Object.fromEntries(rows.flatMap(({ column, last }) => (last === null ? [] : [[column, last]])))
}

/** Proves a backup from its first byte to its last without touching any database. */
export async function checkBackup(path: string): Promise<BackupReport> {
  const report: BackupReport = { takenAt: '', schema: [], tables: [], rows: 0 }
  for await (const part of readBackup(path)) {
    if (part.kind === 'header') Object.assign(report, { takenAt: part.header.takenAt, schema: part.header.schema })
    else if (part.kind === 'end') {
      report.tables.push({ name: part.name, rows: part.end.rows })
      report.rows += part.end.rows
    }
  }
  return report
}

/** What actors of a kind are to be when they are put back, where the world did not stand still meanwhile. */
export type Rewrites = Readonly<Record<string, (snapshot: StoredSnapshot) => StoredSnapshot>>

/**
 * Puts a backup into a database without data, and brings it to this build's version. All of it or nothing; the file is
 * proven first. What `rewrites` change is written into the histories of the actors, so that they still replay to what they
 * are. Throws `backup.damaged`, `backup.target_in_use`, `database.schema_newer`.
 */
export async function restoreBackup(databaseUrl: string, path: string, rewrites: Rewrites = {}): Promise<BackupReport> {
  const report = await checkBackup(path)
  const known = await listMigrations()
  if (report.schema.some((name, place) => known[place] !== name)) {
    const unknown = report.schema.filter((name) => !known.includes(name)).join(', ')
    throw new AppError(
      'database.schema_newer',
      `The backup was made by a newer Troupe (${unknown}): restore it with that one`,
    )
  }
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined, connect_timeout: 10, types: NUMBERS })
  try {
    await refuseUsed(sql, report)
    await migrate(databaseUrl, undefined, report.schema.length)
    await sql.begin(async (tx) => {
      await tx`truncate ${tx.unsafe(report.tables.map(({ name }) => `"${name}"`).join(', '))}`
      await load(tx, path)
      for (const [kind, rewrite] of Object.entries(rewrites)) await rewriteActors(tx, kind, rewrite)
      // A copy is an installation of its own: it must not take jobs of the other from a Redis that both use.
      await tx`update installation set id = gen_random_uuid()`
    })
  } finally {
    await sql.end({ timeout: 5 })
  }
  await migrate(databaseUrl)
  return report
}

async function refuseUsed(sql: postgres.Sql, { schema, tables }: BackupReport): Promise<void> {
  const applied = await listApplied(sql)
  if (applied.length === 0) return
  const same = applied.length === schema.length && tables.every(({ name }) => /^\w+$/.test(name))
  const counts = same
    ? await sql<{ used: boolean }[]>`
        select exists (select 1 from actors) or exists (select 1 from event_log) or exists (select 1 from agent_registry)
          or exists (select 1 from api_keys) as used`
    : [{ used: true }]
  if (counts[0]?.used === false) return
  throw new AppError(
    'backup.target_in_use',
    'The database to restore into is in use: name an empty one (DATABASE_URL), or an empty folder (TROUPE_DATA_DIR)',
  )
}

async function load(tx: postgres.TransactionSql, path: string): Promise<void> {
  let copy: Writable | undefined
  for await (const part of readBackup(path)) {
    switch (part.kind) {
      case 'header':
        break
      case 'table':
        copy = await tx`copy ${tx(part.name)} (${columnList(tx, part.columns)}) from stdin`.writable()
        break
      case 'row':
        if (copy && !copy.write(part.line)) await drained(copy)
        break
      case 'end':
        if (copy) await ended(copy)
        for (const [column, last] of Object.entries(part.end.sequences))
          await tx`select setval(pg_get_serial_sequence(quote_ident(${part.name}), ${column})::regclass, ${last})`
        break
    }
  }
}

async function rewriteActors(
  tx: postgres.TransactionSql,
  kind: string,
  rewrite: (snapshot: StoredSnapshot) => StoredSnapshot,
): Promise<void> {
  const actors = await tx<{ address: string; snapshot: StoredSnapshot }[]>`
    select address, snapshot from actors where kind = ${kind} and status = 'active'`
  for (const { address, snapshot: before } of actors) {
    const snapshot = JSON.stringify(rewrite(before))
    const event = `{"type":"xstate.restored","snapshot":${snapshot}}`
    // With the highest number of the log: what the server itself counts may be lower, until `continue_log` sees to that.
    await tx`
      with moved as (
        update actors
        set snapshot = ${snapshot}::text::json, revision = revision + 1, updated_at = clock_timestamp()
        where address = ${address}
        returning *
      )
      insert into history (address, revision, message_id, event, from_value, to_value, status, effects, handled, machine_hash, xid)
      select address, revision, 'xstate.restored:' || revision, ${event}::text::json, value, value, status, '[]', true, machine_hash,
        coalesce((select xid from history order by xid desc, seq desc limit 1), pg_current_xact_id())
      from moved`
  }
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('error', reject)
    stream.once('drain', () => {
      stream.off('error', reject)
      resolve()
    })
  })
}

function ended(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('error', reject)
    stream.once('finish', () => resolve())
    stream.end()
  })
}

/** Names of columns come from the catalogue or a file that this program wrote. */
function columnList(tx: postgres.TransactionSql, columns: readonly string[]) {
  return tx.unsafe(columns.map((name) => `"${name.replaceAll('"', '""')}"`).join(', '))
}

async function toDisk(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Sequences stay far below 2^53. */
const NUMBERS = { bigint: { to: 20, from: [20], serialize: String, parse: Number } }
