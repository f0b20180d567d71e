import postgres from 'postgres'
import { compareSchema } from './migrate.ts'

/** What a database says of itself, before anybody judges it. Ages in seconds. */
export interface DatabaseFacts {
  server: { version: number; settings: Record<string, string>; connections: number; sizeBytes: number }
  schema: { pending: string[]; unknown: string[] }
  /** Undefined where our schema is older than this build. */
  work: WorkFacts | undefined
  tables: { name: string; bytes: number; live: number; dead: number }[]
  oldest: { pid: number; name: string; state: string; ageS: number; what: string } | null
}

export interface WorkFacts {
  oldestMailS: number
  oldestTimerS: number
  /** Work that is due, or was begun by a worker that is gone, and that nobody takes. */
  oldestWorkS: number
  tries: { address: string; src: string; attempts: number } | null
  parked: { kind: string; actors: number; reason: string | null; example: string }[]
  letters: { open: number; oldestS: number; address: string | null }
  events: { day: number; unhandled: number; commonest: string | null }
  leases: { device: string; owner: string; lateS: number }[]
  housekeeping: { finishedS: number | null; unproven: number }
}

const SETTINGS = ['fsync', 'synchronous_commit', 'full_page_writes', 'autovacuum', 'max_connections'] as const

/** Asks everything over one connection of its own, with what the server gives it: it changes nothing, migrations neither. */
export async function examineDatabase(url: string): Promise<DatabaseFacts> {
  const sql = postgres(url, {
    max: 1,
    connect_timeout: 5,
    onnotice: () => undefined,
    connection: { application_name: 'troupe doctor', statement_timeout: 20_000 },
    types: { bigint: { to: 20, from: [20], serialize: String, parse: Number } },
  })
  try {
    const { pending, unknown } = await compareSchema((text) => sql.unsafe(text))
    const schema = { pending, unknown }
    return {
      server: await serverOf(sql),
      schema,
      work: schema.pending.length === 0 ? await workOf(sql) : undefined,
      tables: await tablesOf(sql),
      oldest: await oldestOf(sql),
    }
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function serverOf(sql: postgres.Sql): Promise<DatabaseFacts['server']> {
  const settings = await sql<{ name: string; setting: string }[]>`
    select name, setting from pg_settings where name = any(${[...SETTINGS]})`
  const [row] = await sql<{ version: number; connections: number; size: number }[]>`
    select current_setting('server_version_num')::int as version, pg_database_size(current_database()) as size,
      (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections`
  return {
    version: row?.version ?? 0,
    settings: Object.fromEntries(settings.map(({ name, setting }) => [name, setting])),
    connections: row?.connections ?? 0,
    sizeBytes: row?.size ?? 0,
  }
}

async function workOf(sql: postgres.Sql): Promise<WorkFacts> {
  const [row] = await sql<
    (Pick<WorkFacts, 'oldestMailS' | 'oldestTimerS' | 'oldestWorkS' | 'tries' | 'letters' | 'events'> & {
      finishedS: number | null
      unproven: number
    })[]
  >`
    select
      coalesce((select ${age(sql, sql`min(m.created_at)`)} from mailbox m join actors a using (address) where a.status = 'active'), 0) as "oldestMailS",
      coalesce((select ${age(sql, sql`min(t.due_at)`)} from timers t left join actors a using (address)
        where t.due_at < statement_timestamp() and a.status = 'active'), 0) as "oldestTimerS",
      coalesce((select ${age(sql, sql`min(greatest(i.not_before, coalesce(i.lease_until, i.not_before)))`)} from invocations i
        where i.finished_at is null and i.not_before < clock_timestamp() and (i.lease_until is null or i.lease_until < clock_timestamp())), 0) as "oldestWorkS",
      (select json_build_object('address', address, 'src', src, 'attempts', attempts) from invocations
        where finished_at is null order by attempts desc limit 1) as tries,
      (select json_build_object('open', count(*), 'oldestS', coalesce(${age(sql, sql`min(created_at)`)}, 0), 'address', min(address))
        from dead_letters where resolution is null) as letters,
      (select json_build_object('day', count(*), 'unhandled', count(*) filter (where status = 'unhandled'),
          'commonest', mode() within group (order by type) filter (where status = 'unhandled'))
        from (select status, type, received_at from event_log order by xid desc, seq desc limit 100000) e
        where received_at > clock_timestamp() - interval '1 day') as events,
      (select ${age(sql, sql`finished_at`)} from housekeeping) as "finishedS",
      coalesce((select (report ->> 'unproven')::int from housekeeping), 0) as unproven`
  if (!row) throw new Error('a select without a from gives one row')
  const { finishedS, unproven, ...facts } = row
  return {
    ...facts,
    parked: await sql`
      select kind, count(*)::int as actors, min(parked ->> 'message') as reason, min(address) as example
      from actors
      where status = 'parked'
      group by kind
      order by count(*) desc`,
    leases: await sql`
      select device, owner_id as owner, ${age(sql, sql`expires_at`)} as "lateS"
      from resource_locks
      where expires_at < clock_timestamp()
      order by expires_at
      limit 20`,
    housekeeping: { finishedS, unproven },
  }
}

function age(sql: postgres.Sql, time: postgres.PendingQuery<postgres.Row[]>) {
  return sql`extract(epoch from clock_timestamp() - ${time})::float8`
}

function tablesOf(sql: postgres.Sql): Promise<DatabaseFacts['tables']> {
  return sql`
    select relname as name, pg_total_relation_size(relid) as bytes, n_live_tup as live, n_dead_tup as dead
    from pg_stat_user_tables
    where schemaname = current_schema()
    order by pg_total_relation_size(relid) desc`
}

/** The transaction that has been open longest: readers of the log stop below it, and nothing after it can be cleaned up. */
async function oldestOf(sql: postgres.Sql): Promise<DatabaseFacts['oldest']> {
  const [row] = await sql<NonNullable<DatabaseFacts['oldest']>[]>`
    select pid, coalesce(application_name, '') as name, coalesce(state, '') as state,
      ${age(sql, sql`xact_start`)} as "ageS", left(query, 80) as what
    from pg_stat_activity
    where xact_start is not null and pid <> pg_backend_pid() and (backend_xid is not null or backend_xmin is not null)
      and backend_type = 'client backend' and datname = current_database()
    order by xact_start
    limit 1`
  return row ?? null
}
