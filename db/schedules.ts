import type { Address } from '../core/address.ts'
import type { Json } from '../core/json.ts'
import { answer, type Fragment, type Sql } from './client.ts'

/** A schedule as people query it; written in the commit of its own turns. Times are RFC 3339. */
export interface ScheduleRow {
  address: Address
  team: string
  id: string
  state: string
  version: number
  /** Null: it was removed. */
  spec: Json
  nextAt: string | null
  fired: number
  missed: number
  recent: Json
  createdAt: string
  changedAt: string
}

/** The rows of schedules whose turn commits; of one that was removed the row goes. */
export function scheduleRows(sql: Sql, rows: readonly ScheduleRow[]): { name: string; body: Fragment }[] {
  const gone = rows.filter(({ spec }) => spec === null)
  const kept = rows.filter(({ spec }) => spec !== null)
  return [
    ...(gone.length === 0 ? [] : [{ name: 'removed_schedules', body: removed(sql, gone) }]),
    ...(kept.length === 0 ? [] : [{ name: 'written_schedules', body: written(sql, kept) }]),
  ]
}

function removed(sql: Sql, rows: readonly ScheduleRow[]): Fragment {
  return sql`
    delete from schedules s
    using unnest(${rows.map((r) => r.address)}::text[]) as r(address)
    join committed using (address)
    where s.address = r.address`
}

function written(sql: Sql, rows: readonly ScheduleRow[]): Fragment {
  return sql`
    insert into schedules (address, team, id, state, version, spec, next_at, fired, missed, recent, created_at, changed_at)
    select r.address, r.team, r.id, r.state, r.version, r.spec::json, r.next_at::timestamptz, r.fired, r.missed, r.recent::json,
      r.created_at::timestamptz, r.changed_at::timestamptz
    from unnest(
      ${rows.map((r) => r.address)}::text[], ${rows.map((r) => r.team)}::text[], ${rows.map((r) => r.id)}::text[],
      ${rows.map((r) => r.state)}::text[], ${rows.map((r) => r.version)}::integer[], ${rows.map((r) => JSON.stringify(r.spec))}::text[],
      ${rows.map((r) => r.nextAt)}::text[], ${rows.map((r) => r.fired)}::bigint[], ${rows.map((r) => r.missed)}::bigint[],
      ${rows.map((r) => JSON.stringify(r.recent))}::text[], ${rows.map((r) => r.createdAt)}::text[],
      ${rows.map((r) => r.changedAt)}::text[]
    ) as r(address, team, id, state, version, spec, next_at, fired, missed, recent, created_at, changed_at)
    join committed using (address)
    on conflict (address) do update
    set state = excluded.state, version = excluded.version, spec = excluded.spec, next_at = excluded.next_at,
      fired = excluded.fired, missed = excluded.missed, recent = excluded.recent, created_at = excluded.created_at,
      changed_at = excluded.changed_at`
}

export interface ListedSchedule {
  address: Address
  id: string
  state: string
  version: number
  spec: Json
  /** Null: no slot is waited for. */
  nextAt: Date | null
  fired: number
  missed: number
  recent: Json
  createdAt: Date
  changedAt: Date
}

const columns = (sql: Sql) => sql`
  address, id, state, version, spec, next_at as "nextAt", fired::float8 as fired, missed::float8 as missed, recent, created_at as "createdAt",
  changed_at as "changedAt"`

/** A team's schedules by id; `after` is the id of the last one of the page before. */
export async function listSchedules(
  sql: Sql,
  team: string,
  { state, after, limit }: { state?: string; after?: string; limit: number },
): Promise<ListedSchedule[]> {
  return answer(sql<ListedSchedule[]>`
    select ${columns(sql)}
    from schedules
    where team = ${team}
      ${state === undefined ? sql`` : sql`and state = ${state}`}
      ${after === undefined ? sql`` : sql`and id > ${after}`}
    order by id
    limit ${limit}`)
}

export async function countSchedules(sql: Sql, team: string): Promise<number> {
  const [row] = await answer(sql<{ count: number }[]>`select count(*) from schedules where team = ${team}`)
  return row?.count ?? 0
}

export async function findSchedule(sql: Sql, team: string, id: string): Promise<ListedSchedule | undefined> {
  const [row] = await answer(sql<ListedSchedule[]>`
    select ${columns(sql)}
    from schedules
    where team = ${team} and id = ${id}`)
  return row
}
