import type { Address } from '../core/address.ts'
import type { Json } from '../core/json.ts'
import { answer, type Fragment, type Sql } from './client.ts'

/** Everything a pool's lock has given out and keeps waiting; replaces what was written of it before. */
export interface LockRows {
  /** The lock actor whose commit writes the rows. */
  address: Address
  /** The key of that actor: a pool's name is unique in its team only. */
  pool: string
  leases: LeaseRow[]
  tickets: TicketRow[]
}

export interface LeaseRow {
  device: string
  ticket: string
  ownerKind: string
  ownerId: string
  token: number
  reason: string | null
  /** Milliseconds since the epoch. */
  grantedAt: number
  expiresAt: number
}

export interface TicketRow {
  ticket: string
  ownerKind: string
  ownerId: string
  state: 'waiting' | 'granted'
  /** 1 for the one that goes first; null for one that is granted. */
  position: number | null
  priority: number
  wants: Json
  reason: string | null
  devices: { device: string; token: number; expiresAt: string }[]
  /** Milliseconds since the epoch. */
  enqueuedAt: number
}

/**
 * The rows of lock actors whose turn commits. A device that another pool's lock has given out breaks the primary key,
 * and with it the whole turn: this is the last defence against two holders, so nothing here looks away.
 */
export function lockRows(sql: Sql, locks: readonly LockRows[]): { name: string; body: Fragment }[] {
  if (locks.length === 0) return []
  // The key goes last: a lock calls its pool as its team does, and two teams may use one name.
  const leases = locks.flatMap(({ address, pool, leases: own }) => own.map((lease) => ({ ...lease, address, pool })))
  const tickets = locks.flatMap(({ address, pool, tickets: own }) =>
    own.map((ticket) => ({ ...ticket, address, pool })),
  )
  const pools = sql`unnest(${locks.map((l) => l.address)}::text[], ${locks.map((l) => l.pool)}::text[]) as p(address, pool)`
  const given = sql`
    unnest(
      ${leases.map((l) => l.address)}::text[], ${leases.map((l) => l.pool)}::text[], ${leases.map((l) => l.device)}::text[],
      ${leases.map((l) => l.ticket)}::text[], ${leases.map((l) => l.ownerKind)}::text[], ${leases.map((l) => l.ownerId)}::text[],
      ${leases.map((l) => l.token)}::bigint[], ${leases.map((l) => l.reason)}::text[], ${leases.map((l) => iso(l.grantedAt))}::text[],
      ${leases.map((l) => iso(l.expiresAt))}::text[]
    ) as g(address, pool, device, ticket, owner_kind, owner_id, token, reason, granted_at, expires_at)`
  return [
    {
      name: 'ended_leases',
      body: sql`
        delete from resource_locks r
        using ${pools}
        join committed using (address)
        where r.pool = p.pool and r.device <> all(${leases.map((l) => l.device)}::text[])`,
    },
    {
      // An update of what the pool holds already, and a plain insert of the rest: an upsert would take the row of another pool.
      name: 'kept_leases',
      body: sql`
        update resource_locks r
        set ticket = g.ticket, owner_kind = g.owner_kind, owner_id = g.owner_id, token = g.token, reason = g.reason,
          granted_at = g.granted_at::timestamptz, expires_at = g.expires_at::timestamptz
        from ${given}
        join committed using (address)
        where r.device = g.device and r.pool = g.pool`,
    },
    {
      name: 'new_leases',
      body: sql`
        insert into resource_locks (device, pool, ticket, owner_kind, owner_id, token, reason, granted_at, expires_at)
        select g.device, g.pool, g.ticket, g.owner_kind, g.owner_id, g.token, g.reason, g.granted_at::timestamptz, g.expires_at::timestamptz
        from ${given}
        join committed using (address)
        where not exists (select 1 from resource_locks r where r.device = g.device and r.pool = g.pool)`,
    },
    {
      name: 'ended_tickets',
      body: sql`
        delete from lock_tickets t
        using ${pools}
        join committed using (address)
        where t.pool = p.pool and t.ticket <> all(${tickets.map((t) => t.ticket)}::text[])`,
    },
    { name: 'written_tickets', body: writtenTickets(sql, tickets) },
  ]
}

/** Only rows that say something new are written: a long queue costs no writes as long as it stands still. */
function writtenTickets(sql: Sql, tickets: readonly (TicketRow & { address: Address; pool: string })[]): Fragment {
  return sql`
    insert into lock_tickets as t (ticket, pool, owner_kind, owner_id, state, position, priority, wants, reason, devices, enqueued_at)
    select n.ticket, n.pool, n.owner_kind, n.owner_id, n.state, n.position, n.priority, n.wants::json, n.reason, n.devices::json,
      n.enqueued_at::timestamptz
    from unnest(
      ${tickets.map((n) => n.address)}::text[], ${tickets.map((n) => n.ticket)}::text[], ${tickets.map((n) => n.pool)}::text[],
      ${tickets.map((n) => n.ownerKind)}::text[], ${tickets.map((n) => n.ownerId)}::text[], ${tickets.map((n) => n.state)}::text[],
      ${tickets.map((n) => n.position)}::integer[], ${tickets.map((n) => n.priority)}::smallint[],
      ${tickets.map((n) => JSON.stringify(n.wants))}::text[], ${tickets.map((n) => n.reason)}::text[],
      ${tickets.map((n) => JSON.stringify(n.devices))}::text[], ${tickets.map((n) => iso(n.enqueuedAt))}::text[]
    ) as n(address, ticket, pool, owner_kind, owner_id, state, position, priority, wants, reason, devices, enqueued_at)
    join committed using (address)
    on conflict (ticket) do update
    set state = excluded.state, position = excluded.position, priority = excluded.priority, wants = excluded.wants,
      reason = excluded.reason, devices = excluded.devices, enqueued_at = excluded.enqueued_at, updated_at = clock_timestamp()
    where t.pool = excluded.pool
      and (t.state, t.position, t.priority, t.devices::text, t.enqueued_at)
        is distinct from (excluded.state, excluded.position, excluded.priority, excluded.devices::text, excluded.enqueued_at)`
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

/** A ticket as it was written last. */
export interface StoredTicket extends Omit<TicketRow, 'enqueuedAt'> {
  pool: string
  enqueuedAt: Date
}

const columns = (sql: Sql) => sql`
  t.ticket, t.pool, t.owner_kind as "ownerKind", t.owner_id as "ownerId", t.state, t.position, t.priority, t.wants, t.reason,
  t.devices, t.enqueued_at as "enqueuedAt"`

/** Undefined for one that was never made, was refused, or has ended, and for one of another team's pool. */
export async function findTicket(sql: Sql, team: string, ticket: string): Promise<StoredTicket | undefined> {
  const [row] = await answer(sql<StoredTicket[]>`
    select ${columns(sql)}
    from lock_tickets t
    join actors a on a.address = 'lock/' || t.pool and a.team = ${team}
    where t.ticket = ${ticket}`)
  return row
}

/** Those that wait in a pool (the key of its lock), the next one first. */
export async function listQueue(sql: Sql, team: string, pool: string): Promise<StoredTicket[]> {
  return answer(sql<StoredTicket[]>`
    select ${columns(sql)}
    from lock_tickets t
    join actors a on a.address = 'lock/' || t.pool and a.team = ${team}
    where t.pool = ${pool} and t.state = 'waiting'
    order by t.position`)
}
