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
 * still running, since a lower number may yet commit above that line.
 */
export async function readMovesAfter(sql: Sql, cursor: string, limit: number): Promise<MoveRow[]> {
  const [xid, seq] = splitCursor(cursor)
  return answer(sql<MoveRow[]>`
    select h.address, h.revision, h.event ->> 'type' as type, h.from_value as "from", h.to_value as "to", h.status, h.at,
      a.team, h.xid::text || '.' || h.seq as cursor
    from history h
    join actors a on a.address = h.address
    where (h.xid, h.seq) > (${xid}::text::xid8, ${seq}::text::bigint)
      and h.xid < log_horizon()
    order by h.xid, h.seq
    limit ${limit}`)
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
