import type { Address } from '../core/address.ts'
import type { StoredSnapshot } from '../core/effect.ts'
import type { Json } from '../core/json.ts'
import { answer, type Sql } from './client.ts'

/** What an actor was after the first entry that its history still has. */
export interface StoredBeginning {
  revision: number
  snapshot: StoredSnapshot
  /** What was under way there, as its reader wrote it. */
  timers: Json
  work: Json
}

/** Undefined for a history that is whole, from the birth on. */
export async function findBeginning(sql: Sql, address: Address): Promise<StoredBeginning | undefined> {
  const [row] = await answer(sql<StoredBeginning[]>`
    select revision, snapshot, timers, work
    from beginnings
    where address = ${address}`)
  return row
}

/**
 * Makes this the beginning, unless the history begins later already. The entry itself stays; those before it are then of
 * no use, and `dropEntries` removes them. Answers whether it is the beginning now.
 */
export async function saveBeginning(sql: Sql, address: Address, beginning: StoredBeginning): Promise<boolean> {
  const { revision, snapshot, timers, work } = beginning
  const rows = await answer(sql`
    insert into beginnings as b (address, revision, snapshot, timers, work, forked_from)
    select h.address, h.revision, ${JSON.stringify(snapshot)}::text::json, ${JSON.stringify(timers)}::text::json,
      ${JSON.stringify(work)}::text::json,
      (select f.event -> 'from' from history f where f.address = h.address and f.revision = 1 and f.message_id = 'xstate.fork')
    from history h
    where h.address = ${address} and h.revision = ${revision}
    on conflict (address) do update
    set revision = excluded.revision, snapshot = excluded.snapshot, timers = excluded.timers, work = excluded.work,
      compacted_at = clock_timestamp()
    where b.revision < excluded.revision
    returning address`)
  return rows.length === 1
}

/**
 * Removes up to `limit` entries before the beginning, the oldest first; answers how many there were. One at a time for
 * each history, so that what is left of it is never with a gap.
 */
export async function dropEntries(sql: Sql, address: Address, limit: number): Promise<number> {
  const rows = await answer(sql`
    delete from history h
    using (
      select o.address, o.revision
      from history o
      join beginnings b on b.address = o.address and o.revision < b.revision
      where o.address = ${address}
      order by o.revision
      limit ${limit}
      for update of b skip locked
    ) old
    where h.address = old.address and h.revision = old.revision
    returning h.revision`)
  return rows.length
}
