import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import postgres from 'postgres'
import { z } from 'zod'
import { AppError } from '../core/errors.ts'

const DIRECTORY = fileURLToPath(new URL('./migrations', import.meta.url))
const TABLE = 'schema_migrations'
/** Any fixed number: whoever holds this advisory lock migrates, the others wait their turn and find nothing to do. */
const ADVISORY_LOCK = 727_385_001

/**
 * Brings the schema to this build's version, and then what `also` brings. Forward only; safe when twenty processes start
 * at once; refuses (`database.schema_newer`) a database that a newer build has migrated already. `count`: only so many
 * migrations, for rows of an earlier version.
 */
export async function migrate(
  databaseUrl: string,
  also: () => Promise<void> = () => Promise.resolve(),
  count = Infinity,
): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined, connect_timeout: 10 })
  try {
    await sql`select pg_advisory_lock(${ADVISORY_LOCK})`
    await refuseNewer(sql)
    await runner({
      databaseUrl,
      dir: DIRECTORY,
      migrationsTable: TABLE,
      direction: 'up',
      noLock: true,
      // Each by itself: what one of them locks is free before the next one takes its time.
      singleTransaction: false,
      count,
      log: () => undefined,
    })
    // Rows that came from another server, by whatever copy, would else be unseen (0007_retention.sql).
    if (count === Infinity) await sql`select continue_log()`
    await also()
  } catch (error) {
    throw unusable(databaseUrl, error)
  } finally {
    // Closing the session gives the advisory lock back.
    await sql.end({ timeout: 5 })
  }
}

/** Not there, not let in, or no such database: one sentence says which, without the password. */
function unusable(databaseUrl: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!/^(ECONN|ENOTFOUND|EAI_AGAIN|EHOST|ETIMEDOUT|CONNECT|28|3D000|57P0|53300)/.test(code)) return error
  const why = error instanceof Error && error.message !== '' ? error.message : code
  return new AppError(
    'database.unavailable',
    `Postgres at ${placeOf(databaseUrl)} cannot be used: ${why}. Check DATABASE_URL.`,
    {
      cause: error,
      details: { code },
    },
  )
}

/** The names of this build's migrations, in order. */
export async function listMigrations(): Promise<string[]> {
  return (await readdir(DIRECTORY)).map((file) => file.replace(/\.sql$/, '')).toSorted()
}

/** Those that a database has seen, in order; none for one without our schema. */
export async function listApplied(ask: (text: string) => PromiseLike<unknown>): Promise<string[]> {
  const [table] = Found.parse(await ask(`select to_regclass('${TABLE}')::text as found`))
  if (!table?.found) return []
  return Named.parse(await ask(`select name from ${TABLE} order by name`)).map(({ name }) => name)
}

const Found = z.array(z.object({ found: z.string().nullable() }))
const Named = z.array(z.object({ name: z.string() }))

/** The tables that the migrations of this build make, in the order in which they are made. */
export async function listTables(): Promise<string[]> {
  const texts = await Promise.all((await listMigrations()).map((name) => readFile(`${DIRECTORY}/${name}.sql`, 'utf8')))
  return texts.flatMap((text) => [...text.matchAll(/^create table (\w+)/gm)].flatMap(([, name]) => name ?? []))
}

export interface SchemaFacts {
  applied: string[]
  /** Of this build, and not applied yet. */
  pending: string[]
  /** Of a newer build. */
  unknown: string[]
}

/** How a database stands to this build. */
export async function compareSchema(ask: (text: string) => PromiseLike<unknown>): Promise<SchemaFacts> {
  const applied = await listApplied(ask)
  const known = await listMigrations()
  return {
    applied,
    pending: known.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !known.includes(name)),
  }
}

/**
 * For whoever looks and changes nothing: refuses a database without our schema (`config.invalid`), one that a newer build
 * has migrated (`database.schema_newer`), and, unless `older` will do, one that is behind (`database.schema_older`).
 */
export async function requireSchema(databaseUrl: string, { older }: { older: boolean }): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined, connect_timeout: 10 })
  try {
    await refuseNewer(sql)
    const { applied, pending } = await compareSchema((text) => sql.unsafe(text))
    if (applied.length === 0)
      throw new AppError(
        'config.invalid',
        `Postgres at ${placeOf(databaseUrl)} holds nothing of Troupe. Check DATABASE_URL; the first start of a platform makes the tables.`,
      )
    if (pending.length > 0 && !older)
      throw new AppError(
        'database.schema_older',
        `The database is of an earlier Troupe (not applied yet: ${pending.join(', ')}), and this command changes nothing there. Make a backup (troupe backup), then start this version, which migrates it; or use the version that it is of.`,
      )
  } catch (error) {
    throw unusable(databaseUrl, error)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** Without the password. */
function placeOf(databaseUrl: string): string {
  const { host, pathname } = new URL(databaseUrl)
  return `${host}${pathname}`
}

async function refuseNewer(sql: postgres.Sql): Promise<void> {
  const { unknown } = await compareSchema((text) => sql.unsafe(text))
  if (unknown.length > 0) {
    throw new AppError(
      'database.schema_newer',
      `The database was migrated by a newer Troupe (${unknown.join(', ')}). Start that version, or point DATABASE_URL at another database.`,
    )
  }
}
