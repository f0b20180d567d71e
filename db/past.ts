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

/**
 * The mailbox as it was when a revision was committed, with timers and outcomes that were due: what was taken later or
 * waits still, and had come by then. Undefined where the history is older than its note of when messages came. Messages
 * that were laid aside unread are not among them.
 */
export async function listMailAt(sql: Sql, address: Address, revision: number): Promise<PastMail[] | undefined> {
  const rows = await answer(sql<(PastMail & { known: boolean })[]>`
    with moment as (
      select at from history where address = ${address} and revision = ${revision}
    ),
    later as (
      select h.message_id, h.event, h.sender, h.cause, h.accepted_at, h.revision
      from history h, moment
      where h.address = ${address} and h.revision > ${revision} and (h.accepted_at is null or h.accepted_at <= moment.at)
      union all
      select m.message_id, m.event, m.sender, m.cause, m.created_at, null
      from mailbox m, moment
      where m.address = ${address} and m.created_at <= moment.at
    )
    select message_id as "messageId", event, sender, cause, accepted_at as "acceptedAt", revision as "takenAt",
      bool_and(accepted_at is not null) over () as known
    from later
    order by accepted_at, revision nulls last
    limit ${LIMIT}`)
  if (rows.some(({ known }) => !known)) return undefined
  return rows.map(({ known: _known, ...mail }) => mail)
}
