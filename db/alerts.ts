import type { Address } from '../core/address.ts'
import type { Json } from '../core/json.ts'
import { answer, type Fragment, type Sql } from './client.ts'

/** What an alert's own actor adds to the row that its reports wrote. */
export interface AlertRow {
  /** The actor whose commit writes it. */
  address: Address
  team: string
  fingerprint: string
  /** The event that began the episode it speaks of; of another episode nothing is written. */
  eventId: string | null
  state: string
  verdict: Json
  /** Milliseconds since the epoch; null while the episode is open. */
  endedAt: number | null
}

/** Where alerts stand whose turn commits. Ingest may be an episode ahead of an actor: then the actor's word is old. */
export function alertRows(sql: Sql, rows: readonly AlertRow[]): { name: string; body: Fragment }[] {
  if (rows.length === 0) return []
  return [
    {
      name: 'written_alerts',
      body: sql`
        update alerts a
        set state = r.state, verdict = r.verdict::json,
          status = case when r.ended_at is null then a.status else 'resolved' end,
          ended_at = case when r.ended_at is null then a.ended_at else coalesce(a.ended_at, r.ended_at::timestamptz) end
        from unnest(
          ${rows.map((r) => r.address)}::text[], ${rows.map((r) => r.team)}::text[], ${rows.map((r) => r.fingerprint)}::text[],
          ${rows.map((r) => r.eventId)}::text[], ${rows.map((r) => r.state)}::text[],
          ${rows.map((r) => (r.verdict === null ? null : JSON.stringify(r.verdict)))}::text[],
          ${rows.map((r) => (r.endedAt === null ? null : new Date(r.endedAt).toISOString()))}::text[]
        ) as r(address, team, fingerprint, event_id, state, verdict, ended_at)
        join committed using (address)
        where a.team = r.team and a.fingerprint = r.fingerprint and a.event_id = r.event_id`,
    },
  ]
}

export interface ListedAlert {
  fingerprint: string
  kind: string
  subject: string | null
  severity: string
  status: 'firing' | 'resolved'
  state: string
  episode: number
  count: number
  eventId: string
  startedAt: Date
  endedAt: Date | null
  lastSeenAt: Date
  verdict: Json
}

const columns = (sql: Sql) => sql`
  fingerprint, kind, subject, severity, status, state, episode, count, event_id as "eventId", started_at as "startedAt",
  ended_at as "endedAt", last_seen_at as "lastSeenAt", verdict`

/** The latest episode of each, newest first; `after` is the fingerprint of the last one of the page before. */
export async function listAlerts(
  sql: Sql,
  team: string,
  filter: { status?: ListedAlert['status']; subject?: string; after?: string; limit: number },
): Promise<ListedAlert[]> {
  return answer(sql<ListedAlert[]>`
    select ${columns(sql)}
    from alerts
    where team = ${team}
      ${filter.status === undefined ? sql`` : filter.status === 'firing' ? sql`and status = 'firing'` : sql`and status = 'resolved'`}
      ${filter.subject === undefined ? sql`` : sql`and subject = ${filter.subject}`}
      ${
        filter.after === undefined
          ? sql``
          : sql`and (started_at, fingerprint) < (select started_at, fingerprint from alerts where team = ${team} and fingerprint = ${filter.after})`
      }
    order by started_at desc, fingerprint desc
    limit ${filter.limit}`)
}

/** With the revision of its actor at this address; null when that is gone. */
export async function findAlert(
  sql: Sql,
  team: string,
  fingerprint: string,
  address: Address,
): Promise<(ListedAlert & { revision: number | null }) | undefined> {
  const [row] = await answer(sql<(ListedAlert & { revision: number | null })[]>`
    select ${columns(sql)}, (select a.revision from actors a where a.address = ${address}) as revision
    from alerts
    where team = ${team} and fingerprint = ${fingerprint}`)
  return row
}
