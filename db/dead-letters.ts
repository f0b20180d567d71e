import type { Address } from '../core/address.ts'
import type { Json } from '../core/json.ts'
import type { Lane, MachineEvent } from '../core/message.ts'
import { answer, type Sql } from './client.ts'

export interface DeadLetter {
  id: number
  /** An `action` was asked for by the actor, with `params` in its event; a `message` was sent to it. */
  kind: 'message' | 'action'
  address: Address
  messageId: string
  event: MachineEvent
  lane: Lane
  sender: string | null
  cause: string | null
  team: string
  reason: string
  error: Json
  revision: number | null
  createdAt: Date
  resolution: 'redriven' | 'discarded' | null
  resolvedBy: string | null
  resolvedAt: Date | null
}

const columns = (sql: Sql) => sql`
  id, kind, address, message_id as "messageId", event, lane, sender, cause, team, reason, error, revision,
  created_at as "createdAt", resolution, resolved_by as "resolvedBy", resolved_at as "resolvedAt"`

export async function listDeadLetters(
  sql: Sql,
  filter: { team?: string; address?: Address; open: boolean; after?: number; limit: number },
): Promise<DeadLetter[]> {
  return answer(sql<DeadLetter[]>`
    select ${columns(sql)}
    from dead_letters
    where id > ${filter.after ?? 0}
      ${filter.open ? sql`and resolution is null` : sql``}
      ${filter.team === undefined ? sql`` : sql`and team = ${filter.team}`}
      ${filter.address === undefined ? sql`` : sql`and address = ${filter.address}`}
    order by id
    limit ${filter.limit}`)
}

/** Those that are named, dealt with or not; without names, the open ones that fit. */
export async function selectDeadLetters(
  sql: Sql,
  team: string,
  filter: { ids?: readonly number[] | undefined; address?: Address | undefined; type?: string | undefined },
  limit: number,
): Promise<DeadLetter[]> {
  const { ids, address, type } = filter
  return answer(sql<DeadLetter[]>`
    select ${columns(sql)}
    from dead_letters
    where team = ${team}
      ${ids === undefined ? sql`and resolution is null` : sql`and id = any(${ids as number[]}::bigint[])`}
      ${address === undefined ? sql`` : sql`and address = ${address}`}
      ${type === undefined ? sql`` : sql`and event ->> 'type' = ${type}`}
    order by id
    limit ${limit}`)
}

export async function findDeadLetter(sql: Sql, id: number): Promise<DeadLetter | undefined> {
  const [row] = await answer(sql<DeadLetter[]>`
    select ${columns(sql)}
    from dead_letters
    where id = ${id}`)
  return row
}

/**
 * Sends the letter again, as it was or edited, in one step with marking it; a second call changes nothing. An action is
 * done again instead, with the `params` of the event. Undefined when it was dealt with before, and for one whose address
 * belongs to another team.
 */
export async function redriveDeadLetter(
  sql: Sql,
  id: number,
  by: string,
  event: MachineEvent | undefined,
): Promise<Address | undefined> {
  const [row] = await answer(sql<{ address: Address }[]>`
    with letter as (
      update dead_letters
      set resolution = 'redriven', resolved_by = ${by}, resolved_at = clock_timestamp()
      where id = ${id} and resolution is null
        and not exists (select 1 from actors a where a.address = dead_letters.address and a.team <> dead_letters.team)
      returning *, ${event === undefined ? sql`event` : sql`${JSON.stringify(event)}::text::json`} as again
    ),
    mail as (
      insert into mailbox (address, message_id, lane, event, sender, cause, team)
      select address, message_id || ':redriven:' || id, lane, again, sender, cause, team
      from letter
      where kind = 'message'
    ),
    action as (
      insert into invocations (effect_id, address, id, born, kind, src, input, cause)
      select l.message_id || ':redriven:' || l.id, l.address, substr(l.event ->> 'type', 8), '', 'action', substr(l.event ->> 'type', 8),
        coalesce(l.again -> 'params', 'null'), l.cause
      from letter l
      where l.kind = 'action'
    )
    select address from letter`)
  return row?.address
}

export async function discardDeadLetter(sql: Sql, id: number, by: string): Promise<boolean> {
  const rows = await answer(sql`
    update dead_letters
    set resolution = 'discarded', resolved_by = ${by}, resolved_at = clock_timestamp()
    where id = ${id} and resolution is null
    returning id`)
  return rows.length === 1
}

/**
 * Moves waiting mail that nobody will ever read, because its actor does not exist or has ended, to the dead letters.
 * The runtime's own mail (`xstate.…`) to an ended actor is dropped, as XState does.
 */
export async function buryUndeliverable(sql: Sql, addresses: readonly Address[]): Promise<void> {
  await answer(sql`
    with gone as (
      delete from mailbox m
      where m.address = any(${addresses as string[]})
        and not exists (select 1 from actors a where a.address = m.address and a.status in ('active', 'parked'))
      returning m.*
    )
    insert into dead_letters (address, message_id, event, lane, sender, cause, team, reason, revision)
    select g.address, g.message_id, g.event, g.lane, g.sender, g.cause, coalesce(g.team, a.team, s.team, 'default'),
      case when a.address is null then 'the actor does not exist' else 'the actor has ended (' || a.status || ')' end, a.revision
    from gone g
    -- For another team than its own there is none.
    left join actors a on a.address = g.address and a.team = coalesce(g.team, a.team)
    left join actors s on s.address = g.sender
    where g.event ->> 'type' not like 'xstate.%'`)
}
