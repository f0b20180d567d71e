import type { Address } from '../core/address.ts'
import { answer, type Sql } from './client.ts'

/** Where a fork was taken from, by the first entry that its history ever had; undefined for all other actors. */
export async function findOrigin(
  sql: Sql,
  address: Address,
): Promise<{ address: Address; revision: number } | undefined> {
  const [row] = await answer(sql<{ from: { address: Address; revision: number } }[]>`
    select event -> 'from' as "from"
    from history
    where address = ${address} and revision = 1 and message_id = 'xstate.fork'
    union all
    select forked_from
    from beginnings
    where address = ${address} and forked_from is not null
    limit 1`)
  return row?.from
}

/**
 * The revision at which another actor stood when this entry was written, in the order of commits. An actor that was born
 * by the entry itself stood at 1.
 */
export async function revisionBeside(
  sql: Sql,
  entry: { address: Address; revision: number },
  other: Address,
): Promise<number> {
  const [row] = await answer(sql<{ revision: number | null }[]>`
    select max(o.revision) as revision
    from history e
    join history o on o.address = ${other} and ((o.xid, o.seq) < (e.xid, e.seq) or o.revision = 1)
    where e.address = ${entry.address} and e.revision = ${entry.revision}`)
  return row?.revision ?? 1
}
