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
  const { host, pathname } = new URL(databaseUrl)
  const why = error instanceof Error && error.message !== '' ? error.message : code
  return new AppError(
    'database.unavailable',
    `Postgres at ${host}${pathname} cannot be used: ${why}. Check DATABASE_URL.`,
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

async function refuseNewer(sql: postgres.Sql): Promise<void> {
  const known = new Set(await listMigrations())
  const unknown = (await listApplied((text) => sql.unsafe(text))).filter((name) => !known.has(name))
  if (unknown.length > 0) {
    throw new AppError(
      'database.schema_newer',
      `The database was migrated by a newer Troupe (${unknown.join(', ')}). Start that version, or point DATABASE_URL at another database.`,
    )
  }
}
