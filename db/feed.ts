import type { Address } from '../core/address.ts'
import type { Json } from '../core/json.ts'
import { answer, type Sql } from './client.ts'
import { splitCursor } from './history.ts'

/** One step of an actor, without what was said. */
export interface MoveRow {
  address: Address
  revision: number
  type: string
  from: Json
  to: Json
  status: string
  at: Date
  team: string
  cursor: string
  /** Bytes of its states. */
  size: number
}

/** One event of the log, without its data. */
export interface ArrivalRow {
  id: string
  type: string
  subject: string | null
  source: string
  severity: string | null
  status: string
  receivedAt: Date
  team: string
  cursor: string
}

/**
 * Steps of all actors of all teams after a cursor, in the order of commits: only what is older than every transaction
 * still running, since a lower number may yet commit above that line. A page ends with the one whose states make it larger
 * than `bytes`: who reads slowly holds a page.
 */
export async function readMovesAfter(
  sql: Sql,
  cursor: string,
  { rows, bytes }: { rows: number; bytes: number },
): Promise<MoveRow[]> {
  const [xid, seq] = splitCursor(cursor)
  return answer(sql<MoveRow[]>`
    select address, revision, type, "from", "to", status, at, team, cursor, size
    from (
      select page.*, sum(page.size) over (order by xid, seq rows between unbounded preceding and 1 preceding) as before
      from (
        select h.address, h.revision, h.event ->> 'type' as type, h.from_value as "from", h.to_value as "to", h.status, h.at,
          a.team, h.xid, h.seq, h.xid::text || '.' || h.seq as cursor,
          coalesce(octet_length(h.from_value::text), 0) + coalesce(octet_length(h.to_value::text), 0) as size
        from history h
        join actors a on a.address = h.address
        where (h.xid, h.seq) > (${xid}::text::xid8, ${seq}::text::bigint)
          and h.xid < log_horizon()
        order by h.xid, h.seq
        limit ${rows}
      ) page
    ) sized
    where before is null or before < ${bytes}
    order by xid, seq`)
}

/** The same of the event log. */
export async function readArrivalsAfter(sql: Sql, cursor: string, limit: number): Promise<ArrivalRow[]> {
  const [xid, seq] = splitCursor(cursor)
  return answer(sql<ArrivalRow[]>`
    select e.id, e.type, e.subject, e.source, e.severity, e.status, e.received_at as "receivedAt", e.team,
      e.xid::text || '.' || e.seq as cursor
    from event_log e
    where (e.xid, e.seq) > (${xid}::text::xid8, ${seq}::text::bigint)
      and e.xid < log_horizon()
    order by e.xid, e.seq
    limit ${limit}`)
}
