import type { Address } from '../core/address.ts'
import type { MachineEvent } from '../core/message.ts'
import { answer, type Sql } from './client.ts'

/** Mail that had come to an actor and was not taken yet, when it stood at a revision. */
export interface PastMail {
  messageId: string
  event: MachineEvent
  sender: string | null
  cause: string | null
  acceptedAt: Date
  /** The revision that took it later; null where it still waits. */
  takenAt: number | null
}

const LIMIT = 500
/** A mailbox holds no more: what waited is taken within so many revisions. */
const WITHIN = 10_000

/**
 * The mailbox as it was when a revision was committed, with timers and outcomes that were due: what was taken later or
 * waits still, and had come by then. Undefined where the history is older than its note of when messages came. Messages
 * that were laid aside unread are not among them, nor any that more than 10,000 others overtook.
 */
export async function listMailAt(sql: Sql, address: Address, revision: number): Promise<PastMail[] | undefined> {
  const soon = sql`h.address = ${address} and h.revision > ${revision} and h.revision <= ${revision + WITHIN}`
  const rows = await answer(sql<(Omit<PastMail, 'acceptedAt'> & { acceptedAt: Date | null })[]>`
    with moment as (
      select at from history where address = ${address} and revision = ${revision}
    ),
    later as (
      select h.message_id, h.event, h.sender, h.cause, h.accepted_at, h.revision
      from history h, moment
      where ${soon} and h.accepted_at <= moment.at
      union all
      -- One of which nobody knows is enough.
      (select null, null, null, null, null, null from history h where ${soon} and h.accepted_at is null limit 1)
      union all
      select m.message_id, m.event, m.sender, m.cause, m.created_at, null
      from mailbox m, moment
      where m.address = ${address} and m.created_at <= moment.at
    )
    select message_id as "messageId", event, sender, cause, accepted_at as "acceptedAt", revision as "takenAt"
    from later
    order by accepted_at nulls first, revision nulls last
    limit ${LIMIT}`)
  const known = rows.flatMap(({ acceptedAt, ...mail }) => (acceptedAt ? [{ ...mail, acceptedAt }] : []))
  return known.length === rows.length ? known : undefined
}
