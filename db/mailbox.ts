import type { Address } from '../core/address.ts'
import type { Lane, MachineEvent, Message } from '../core/message.ts'
import { answer, type Fragment, type Sql } from './client.ts'

/**
 * What waits for an actor: a message, a timer that is due, the outcome of an invocation; or a message that was handed
 * straight to a turn and is in no mailbox.
 */
export interface MailRow {
  address: Address
  source: 'mailbox' | 'timer' | 'invocation' | 'handed'
  /** What the commit removes: the row's id in its table. */
  ref: string
  messageId: string
  lane: Lane
  event: MachineEvent
  sender: string | null
  cause: string | null
  /** Whose mail it is: for other teams nobody has the address. Null: the actor's own, or its host's. */
  team: string | null
  /** When it became mail, and the database's time of this reading. */
  at: Date
  now: Date
  /** `revision.index` of the effect that armed the timer or started the invocation. */
  born: string | null
  /** The actor has applied a message of this id before: remove it, do not step. */
  seen: boolean
}

/** A message of a team; null: of the host. */
export type TeamMessage = Message & { team: string | null }

/** What became of messages: the new ones as `address message_id`, the recipients that exist, and those with no room. */
export interface Appended {
  fresh: Set<string>
  known: Set<Address>
  full: Set<Address>
}

/**
 * Puts messages into mailboxes; the same (address, id) once, also when it was applied long ago. A mailbox in which
 * `limit` messages wait takes those of lane 0 only.
 */
export async function appendMail(sql: Sql, messages: readonly TeamMessage[], limit: number): Promise<Appended> {
  const rows = await answer(sql<{ address: string; message_id: string | null; is_full: boolean }[]>`
    with given as (
      select *
      from unnest(
        ${messages.map((m) => m.to)}::text[], ${messages.map((m) => m.id)}::text[], ${messages.map((m) => m.lane)}::smallint[],
        ${messages.map((m) => JSON.stringify(m.event))}::text[], ${messages.map((m) => m.sender)}::text[],
        ${messages.map((m) => m.cause)}::text[], ${messages.map((m) => m.team)}::text[]
      ) with ordinality as m(address, message_id, lane, event, sender, cause, team, place)
    ),
    known as (
      select address, exists (select 1 from mailbox b where b.address = a.address offset ${limit - 1}) as is_full
      from actors a
      where address in (select address from given)
    ),
    fresh as (
      insert into mailbox (address, message_id, lane, event, sender, cause, team)
      select m.address, m.message_id, m.lane, m.event::json, m.sender, m.cause, m.team
      from given m
      join known using (address)
      where (m.lane = 0 or not known.is_full)
        and not exists (select 1 from history h where h.address = m.address and h.message_id = m.message_id)
      order by m.place
      on conflict (address, message_id) do nothing
      returning address, message_id
    )
    select address, message_id, false as is_full from fresh
    union all
    select address, null, is_full from known`)
  const fresh = rows.filter((row) => row.message_id !== null).map((row) => `${row.address} ${row.message_id}`)
  return {
    fresh: new Set(fresh),
    known: new Set(rows.map((row) => row.address)),
    full: new Set(rows.filter((row) => row.is_full).map((row) => row.address)),
  }
}

/**
 * Up to `limit` pieces of each kind of mail that waits for one address, in the order in which they are to be applied:
 * lane 0, then lane 1 with timers and outcomes at the place where they became due, then the lanes beyond. To be joined
 * laterally; `inOrder` finishes it.
 */
export function waitingMail(sql: Sql, address: Fragment, limit: number): Fragment {
  return sql`
    (select 'mailbox' as source, m.id::text as ref, m.message_id, m.lane, m.event, m.sender, m.cause, m.team,
       m.created_at as at, null::text as born, m.id as place,
       exists (select 1 from history h where h.address = m.address and h.message_id = m.message_id) as seen
     from mailbox m
     where m.address = ${address}
     order by m.lane, m.id
     limit ${limit})
    union all
    (select 'timer', t.id, 'timer:' || t.id || ':' || t.armed, 1, t.event, null, t.cause, null, t.due_at, t.armed, 0, false
     from timers t
     where t.address = ${address} and t.target is null and t.due_at <= clock_timestamp()
     order by t.due_at
     limit ${limit})
    union all
    (select 'invocation', i.effect_id, 'invocation:' || i.effect_id, 1, i.outcome, i.address, i.cause, null, i.finished_at, i.born, 0, false
     from invocations i
     where i.address = ${address} and i.finished_at is not null
     order by i.finished_at
     limit ${limit})`
}

/** Messages keep the order of lanes and ids; timers and outcomes come before the first of lane 1 that is younger than they. */
export function inOrder(box: readonly MailRow[]): MailRow[] {
  const messages = box.filter((row) => row.source === 'mailbox')
  const dated = box.filter((row) => row.source !== 'mailbox').sort((a, b) => a.at.getTime() - b.at.getTime())
  const ordered: MailRow[] = []
  let next = 0
  for (const message of messages) {
    for (let row = dated[next]; row && comesBefore(row, message); row = dated[next]) {
      ordered.push(row)
      next += 1
    }
    ordered.push(message)
  }
  return [...ordered, ...dated.slice(next)]
}

function comesBefore(dated: MailRow, message: MailRow): boolean {
  return message.lane > 1 || (message.lane === 1 && dated.at <= message.at)
}

/** A message in a mailbox, for people to look at. */
export interface WaitingMessage {
  messageId: string
  lane: Lane
  event: MachineEvent
  sender: string | null
  cause: string | null
  createdAt: Date
}

/** Mail that waits for one actor, in the order in which it will be read; at most 500. */
export async function listMail(sql: Sql, address: Address): Promise<WaitingMessage[]> {
  return answer(sql`
    select message_id as "messageId", lane, event, sender, cause, created_at as "createdAt"
    from mailbox
    where address = ${address}
    order by lane, id
    limit 500`)
}

/** How many messages wait for one actor; no more than `limit` are counted. */
export async function countMail(sql: Sql, address: Address, limit: number): Promise<number> {
  const [row] = await answer(sql<{ count: number }[]>`
    select count(*)::int as count
    from (select from mailbox where address = ${address} limit ${limit}) waiting`)
  return row?.count ?? 0
}

/**
 * Actors of these kinds with something to do that has waited for `olderThanMs`: the sweeper's question. Also finds mail
 * for actors that do not exist or ended, so that it becomes a dead letter instead of waiting for ever. Parked actors, and
 * kinds that only other workers know, are passed over, so that they never hide the rest.
 */
export async function listNeglected(
  sql: Sql,
  options: { kinds: readonly string[]; olderThanMs: number; limit: number },
): Promise<Address[]> {
  const { olderThanMs, limit } = options
  const ours = sql`a.status = 'active' and a.kind = any(${options.kinds})`
  const rows = await answer(sql<{ address: Address }[]>`
    select distinct address
    from (
      (select m.address from mailbox m
       left join actors a on a.address = m.address
       where m.created_at < statement_timestamp() - ${olderThanMs} * interval '1 ms'
         and (a.address is null or a.status not in ('active', 'parked') or ${ours})
       order by m.created_at
       limit ${limit})
      union all
      (select t.address from timers t
       join actors a on a.address = t.address
       where t.target is null and t.due_at < statement_timestamp() - ${olderThanMs} * interval '1 ms' and ${ours}
       order by t.due_at
       limit ${limit})
      union all
      (select i.address from invocations i
       join actors a on a.address = i.address
       where i.finished_at < statement_timestamp() - ${olderThanMs} * interval '1 ms' and ${ours}
       order by i.finished_at
       limit ${limit})
    ) waiting
    limit ${limit}`)
  return rows.map((row) => row.address)
}

/** In how many milliseconds the oldest mail that is younger than `olderThanMs` will be as old; undefined: there is none. */
export async function nextNeglected(sql: Sql, olderThanMs: number): Promise<number | undefined> {
  const [row] = await answer(sql<{ inMs: number | null }[]>`
    select (extract(epoch from least(
      (select min(created_at) from mailbox where created_at >= statement_timestamp() - ${olderThanMs} * interval '1 ms'),
      (select min(finished_at) from invocations where finished_at >= statement_timestamp() - ${olderThanMs} * interval '1 ms')
    ) - clock_timestamp()) * 1000)::float8 + ${olderThanMs} as "inMs"`)
  return typeof row?.inMs === 'number' ? Math.max(0, row.inMs) : undefined
}

/** True when nothing waits for the actor now: no message, no due timer, no unread outcome. */
export async function isSettled(sql: Sql, address: Address): Promise<boolean> {
  const [row] = await answer(sql<{ waiting: boolean }[]>`
    select exists (select 1 from mailbox where address = ${address})
        or exists (select 1 from timers where address = ${address} and target is null and due_at <= clock_timestamp())
        or exists (select 1 from invocations where address = ${address} and finished_at is not null) as waiting`)
  return row?.waiting === false
}
