import type { Address } from '../core/address.ts'
import { AppError } from '../core/errors.ts'
import { answer, type Sql } from './client.ts'
import type { HistoryRow } from './turn-commit.ts'

/** One applied message: append-only, numbered without gaps per actor. */
export interface HistoryEntry extends Omit<HistoryRow, 'acceptedAt'> {
  at: Date
  /** Place in the history of all actors, in the order of commits. */
  cursor: string
}

const columns = (sql: Sql) => sql`
  address, revision, message_id as "messageId", event, from_value as "from", to_value as "to", status, effects, handled,
  sender, cause, machine_hash as "machineHash", at, xid::text || '.' || seq as cursor`

export async function listHistory(
  sql: Sql,
  address: Address,
  page: { after?: number; before?: number; limit: number; newestFirst?: boolean },
): Promise<HistoryEntry[]> {
  return answer(sql<HistoryEntry[]>`
    select ${columns(sql)}
    from history
    where address = ${address}
      and revision > ${page.after ?? 0}
      ${page.before === undefined ? sql`` : sql`and revision < ${page.before}`}
    order by revision ${page.newestFirst ? sql`desc` : sql`asc`}
    limit ${page.limit}`)
}

/**
 * The next entries of an actor, for somebody who knows it up to a revision (0: who knows nothing, and begins where the
 * history does). Throws `history.compacted` when the next one is gone, so that nobody takes what comes later for it.
 */
export async function readOn(
  sql: Sql,
  address: Address,
  page: { after: number; before?: number; limit: number },
): Promise<HistoryEntry[]> {
  const entries = await listHistory(sql, address, page)
  const first = entries[0]?.revision ?? 0
  if (page.after > 0 && first > page.after + 1) throw compacted(address, page.after + 1, { first })
  return entries
}

/** `first` is the first revision that is kept, `revision` the one that the actor has, where it is known. */
export function compacted(address: Address, wanted: number, now: { first: number; revision?: number }): AppError {
  return new AppError(
    'history.compacted',
    `The history of ${address} begins at revision ${now.first}: revision ${wanted} was older than what is kept`,
    { details: { address, ...now } },
  )
}

/** The number of an actor's latest entry; 0 before its birth. */
export async function lastRevision(sql: Sql, address: Address): Promise<number> {
  const [row] = await answer(sql<{ revision: number | null }[]>`
    select max(revision) as revision
    from history
    where address = ${address}`)
  return row?.revision ?? 0
}

/** False too for one that was there and was compacted away. */
export async function isEntry(sql: Sql, address: Address, revision: number): Promise<boolean> {
  const rows = await answer(sql`select 1 from history where address = ${address} and revision = ${revision}`)
  return rows.length > 0
}

/** The number of the first entry that is still there. */
export async function firstRevision(sql: Sql, address: Address): Promise<number | undefined> {
  const [row] = await answer(sql<{ revision: number }[]>`
    select revision
    from history
    where address = ${address}
    order by revision
    limit 1`)
  return row?.revision
}

/** The last revision up to this one at which the actor went over to another version of its machine. */
export async function lastMigration(sql: Sql, address: Address, upTo: number): Promise<number | undefined> {
  const [row] = await answer(sql<{ revision: number }[]>`
    select revision
    from history
    where address = ${address} and message_id like 'xstate.migrate:%' and revision <= ${upTo}
    order by revision desc
    limit 1`)
  return row?.revision
}

/** What became of these messages; those that are not applied yet are left out. */
export async function findEntries(
  sql: Sql,
  messages: readonly { address: Address; messageId: string }[],
): Promise<Pick<HistoryEntry, 'address' | 'messageId' | 'revision' | 'to' | 'status' | 'effects' | 'handled'>[]> {
  return answer(sql`
    select h.address, h.message_id as "messageId", h.revision, h.to_value as "to", h.status, h.effects, h.handled
    from unnest(${messages.map((one) => one.address)}::text[], ${messages.map((one) => one.messageId)}::text[]) as m(address, message_id)
    join history h using (address, message_id)`)
}

/**
 * What was committed after the cursor, over all actors, without gaps or doubles: only what is older than every
 * transaction still running, since a lower number may yet commit above that line.
 */
export async function readHistoryAfter(sql: Sql, cursor: string, limit: number): Promise<HistoryEntry[]> {
  const [xid, seq] = splitCursor(cursor)
  return answer(sql<HistoryEntry[]>`
    select ${columns(sql)}
    from history
    where (xid, seq) > (${xid}::text::xid8, ${seq}::text::bigint)
      and xid < log_horizon()
    order by xid, seq
    limit ${limit}`)
}

/**
 * The cursor that stands for now: following from it gives everything that commits from here on, and perhaps a little of
 * what came just before.
 */
export async function currentCursor(sql: Sql): Promise<string> {
  const [row] = await answer(sql<{ cursor: string }[]>`
    select (log_horizon()::text::numeric - 1)::text || '.9223372036854775807' as cursor`)
  return row?.cursor ?? '0.0'
}

/** Splits `xid.seq`; anything else starts from the beginning. */
export function splitCursor(cursor: string): [string, string] {
  const match = /^(\d{1,20})\.(\d{1,19})$/.exec(cursor)
  return match?.[1] && match[2] ? [match[1], match[2]] : ['0', '0']
}
