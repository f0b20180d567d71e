import type { Address } from '../core/address.ts'
import type { Message } from '../core/message.ts'
import type { ActorRow } from './actors.ts'
import { answer, type Fragment, type Sql } from './client.ts'
import { inOrder, type MailRow, waitingMail } from './mailbox.ts'

/** What is known of an actor at the beginning of its turn, and how. */
export interface TurnActor extends Omit<ActorRow, 'createdAt' | 'updatedAt'> {
  seen: Seen
}

/** What has to be true still when the turn is committed. */
export interface Seen {
  /** The transaction that wrote the row: no other version of the row has it. */
  xid: string
  /** Its mailbox was not looked into: no mail may wait there. */
  unread: boolean
}

/** What a turn of one actor begins with. */
export interface TurnInput {
  /** Undefined: nobody has this address. */
  actor: TurnActor | undefined
  /** Waiting mail, in the order in which it is to be applied. */
  mail: MailRow[]
  /** Ids among those asked about that the actor has, or had, in its mailbox. */
  known: ReadonlySet<string>
  /** The database's time of this reading. */
  now: Date
}

type Row = Omit<TurnActor, 'address' | 'seen'> &
  Omit<MailRow, 'address' | 'now' | 'source' | 'team'> & {
    address: Address
    mailTeam: string | null
    missing: boolean
    xid: string
    source: MailRow['source'] | null
    now: Date
    known: string[] | null
  }

/** Mail at the very door of a turn: its actor may have taken a message of its id before. */
export type Asked = Pick<Message, 'to' | 'id'>

/**
 * Reads everything for a turn of these actors in one statement: the actors, up to `limit` pieces of mail for each, and
 * which of the messages in `asked` they know already.
 */
export async function readTurnInput(
  sql: Sql,
  addresses: readonly Address[],
  asked: readonly Asked[],
  limit: number,
): Promise<Map<Address, TurnInput>> {
  const rows = await answer(sql<Row[]>`
    ${asked.length === 0 ? sql`` : knownOf(sql, asked)}
    select u.address, a.address is null as missing, a.kind, a.key, a.status, a.revision, a.machine_hash as "machineHash",
      a.version, a.parent, a.child_id as "childId", a.root, a.system_id as "systemId", a.team, a.parked,
      a.xmin::text as xid,
      -- Once for each actor, however much mail it has.
      case when row_number() over (partition by u.address order by w.lane, w.place, w.at) = 1 then a.snapshot end as snapshot,
      w.source, w.ref, w.message_id as "messageId", w.lane, w.event, w.sender, w.cause, w.team as "mailTeam", w.at, w.born, w.seen,
      clock_timestamp() as now, ${asked.length === 0 ? sql`null` : sql`k.ids`} as known
    from unnest(${addresses as string[]}::text[]) as u(address)
    left join actors a on a.address = u.address
    ${asked.length === 0 ? sql`` : sql`left join known k on k.address = u.address`}
    left join lateral (${waitingMail(sql, sql`u.address`, limit)}) w on true
    order by u.address, w.lane, w.place, w.at`)
  const inputs = new Map<Address, TurnInput>()
  for (const row of rows) {
    const input = inputs.get(row.address) ?? inputOf(row)
    inputs.set(row.address, input)
    if (row.source !== null) input.mail.push(mailOf(row, row.source))
  }
  for (const input of inputs.values()) if (input.mail.length > 1) input.mail = inOrder(input.mail)
  return inputs
}

function knownOf(sql: Sql, asked: readonly Asked[]): Fragment {
  return sql`
    with known as (
      select m.address, array_agg(m.message_id) as ids
      from unnest(${asked.map((one) => one.to)}::text[], ${asked.map((one) => one.id)}::text[]) as m(address, message_id)
      where exists (select 1 from history h where h.address = m.address and h.message_id = m.message_id)
         or exists (select 1 from mailbox b where b.address = m.address and b.message_id = m.message_id)
      group by m.address
    )`
}

function inputOf(row: Row): TurnInput {
  const { address, kind, key, status, revision, snapshot, machineHash, version, parent, childId, root } = row
  const { systemId, team, parked, xid } = row
  const actor: TurnActor = {
    address,
    kind,
    key,
    status,
    revision,
    snapshot,
    machineHash,
    version,
    parent,
    childId,
    root,
    systemId,
    team,
    parked,
    seen: { xid, unread: false },
  }
  return { actor: row.missing ? undefined : actor, mail: [], known: new Set(row.known ?? []), now: row.now }
}

function mailOf(row: Row, source: MailRow['source']): MailRow {
  const { address, ref, messageId, lane, event, sender, cause, mailTeam: team, at, born, seen, now } = row
  return { address, source, ref, messageId, lane, event, sender, cause, team, at, born, seen, now }
}
