import type { Address } from '../core/address.ts'
import { answer, type Fragment, type Sql } from './client.ts'
import type {
  ActorChange,
  CommittedTurn,
  EmittedEvent,
  FirstClaim,
  HistoryRow,
  Projection,
  TurnCommit,
} from './turn-commit.ts'

/**
 * Commits a turn in one statement: for each actor all of it or nothing. An actor that is missing in the answer moved
 * meanwhile, or is just being committed elsewhere, and is to be read and stepped again.
 *
 * One statement, not a transaction of several: a connection that dies in between can neither leave half a turn nor
 * hang its queue. `skip locked` keeps two workers from waiting for each other in a circle.
 */
export async function commitTurn(
  sql: Sql,
  turn: TurnCommit,
  { projections, claim }: { projections: readonly Projection[]; claim: FirstClaim },
): Promise<CommittedTurn> {
  const moved = turn.changes.filter((change) => change.before > 0)
  const born = turn.changes.filter((change) => change.before === 0)
  const changes = new Map(turn.changes.map((change) => [change.address, change]))
  const parts = [
    ...[
      rows(turn.firsts, knownMessages),
      rows(moved, (at, list) => movedActors(at, list, turn.firsts.length > 0)),
      rows(born, (at, list) => bornActors(at, list, moved.length > 0)),
      () => committedActors(sql, moved.length > 0, born.length > 0),
      rows(turn.history, historyRows),
      rows(turn.consumed, consumedMail),
      rows(mailOf(turn.mail, changes), newMail),
      rows(turn.timers, armedTimers),
      rows(turn.timersGone, goneTimers),
      rows(turn.invocations, (at, list) => startedInvocations(at, list, claim)),
      rows(turn.invocationsGone, goneInvocations),
      rows(turn.deadLetters, newDeadLetters),
      rows(turn.events, emittedEvents),
      rows(turn.ended, leftovers),
    ].flatMap((part) => (part ? [part(sql)] : [])),
    ...projections.flatMap((projection) =>
      projection(sql, changes).map(({ name, body }) => sql`${sql(name)} as (${body})`),
    ),
  ]
  const list = parts.reduce((left, right) => sql`${left}, ${right}`)
  const claims = turn.invocations.length === 0 ? sql`null` : sql`select json_agg(effect_id) from started where claimed`
  // One row, whatever was committed: each costs more here than in PostgreSQL.
  const [done] = await answer(sql<{ committed: Address[] | null; claimed: string[] | null; xid: string; now: Date }[]>`
    with ${list}
    select (select json_agg(address) from committed) as committed, (${claims}) as claimed,
      pg_current_xact_id()::xid::text as xid, clock_timestamp() as now`)
  return { committed: new Set(done?.committed), claimed: new Set(done?.claimed), xid: done?.xid ?? '', now: done?.now }
}

type TeamMail = TurnCommit['mail'][number] & { team: string }

/** Mail with the team of its sender, whose change is in the same commit. */
function mailOf(mail: TurnCommit['mail'], changes: ReadonlyMap<Address, ActorChange>): TeamMail[] {
  return mail.flatMap((one) => {
    const team = changes.get(one.by)?.team
    return team === undefined ? [] : [{ ...one, team }]
  })
}

function rows<Row>(list: Row[], part: (sql: Sql, list: Row[]) => Fragment): ((sql: Sql) => Fragment) | undefined {
  return list.length === 0 ? undefined : (sql) => part(sql, list)
}

/** One array of a member of every row: what `unnest` takes. */
function column<Row, Value>(list: readonly Row[], pick: (row: Row) => Value): Value[] {
  return list.map(pick)
}

const text = (value: unknown): string => JSON.stringify(value ?? null)

function committedActors(sql: Sql, moved: boolean, born: boolean): Fragment {
  if (!born) return sql`committed as (select address, revision from moved)`
  if (!moved) return sql`committed as (select address, revision from born)`
  return sql`committed as (select address, revision from moved union all select address, revision from born)`
}

function knownMessages(sql: Sql, list: TurnCommit['firsts']): Fragment {
  return sql`
    known as materialized (
      select f.address
      from unnest(${column(list, (f) => f.by)}::text[], ${column(list, (f) => f.messageId)}::text[]) as f(address, message_id)
      where exists (select 1 from history h where h.address = f.address and h.message_id = f.message_id)
    )`
}

function movedActors(sql: Sql, list: ActorChange[], mayBeKnown: boolean): Fragment {
  return sql`
    wanted as materialized (
      select a.address, c.after, c.status, c.value, c.snapshot, c.machine_hash, c.version, c.parked
      from unnest(
        ${column(list, (c) => c.address)}::text[], ${column(list, (c) => c.before)}::bigint[], ${column(list, (c) => c.after)}::bigint[],
        ${column(list, (c) => c.seen?.xid ?? null)}::text[], ${column(list, (c) => c.seen?.unread ?? false)}::bool[],
        ${column(list, (c) => c.status)}::text[], ${column(list, (c) => text(c.snapshot.value))}::text[],
        ${column(list, (c) => c.json)}::text[], ${column(list, (c) => c.machineHash)}::text[],
        ${column(list, (c) => c.version)}::text[], ${column(list, (c) => (c.parked === null ? null : text(c.parked)))}::text[]
      ) as c(address, before, after, xid, unread, status, value, snapshot, machine_hash, version, parked)
      join actors a on a.address = c.address and a.revision = c.before and a.xmin::text = c.xid
      where not (c.unread and exists (select 1 from mailbox m where m.address = c.address))
        ${mayBeKnown ? sql`and c.address not in (select address from known)` : sql``}
      for no key update of a skip locked
    ),
    moved as (
      update actors a
      set revision = w.after, status = w.status, value = w.value::json, snapshot = w.snapshot::json,
        machine_hash = w.machine_hash, version = w.version, parked = w.parked::json, updated_at = clock_timestamp()
      from wanted w
      where a.address = w.address
      returning a.address, a.revision
    )`
}

/** Those born on their own first: their children are born only if they were not there before. */
function bornActors(sql: Sql, list: ActorChange[], besideMoved: boolean): Fragment {
  const first = list.filter((change) => change.bornWith === null)
  const children = list.filter((change) => change.bornWith !== null)
  return sql`
    first_born as (${insertActors(sql, first, sql`true`)}),
    children_born as (${insertActors(sql, children, sql`c.born_with in (select address from first_born ${besideMoved ? sql`union all select address from moved` : sql``})`)}),
    born as (select address, revision from first_born union all select address, revision from children_born)`
}

function insertActors(sql: Sql, list: ActorChange[], condition: Fragment): Fragment {
  if (list.length === 0) return sql`select null::text as address, null::bigint as revision where false`
  return sql`
    insert into actors (address, kind, key, status, revision, value, snapshot, machine_hash, version, parent, child_id, root, system_id, team)
    select c.address, c.kind, c.key, c.status, c.after, c.value::json, c.snapshot::json, c.machine_hash, c.version,
      c.parent, c.child_id, c.root, c.system_id, c.team
    from unnest(
      ${column(list, (c) => c.address)}::text[], ${column(list, (c) => c.kind)}::text[], ${column(list, (c) => c.key)}::text[],
      ${column(list, (c) => c.status)}::text[], ${column(list, (c) => c.after)}::bigint[],
      ${column(list, (c) => text(c.snapshot.value))}::text[], ${column(list, (c) => c.json)}::text[],
      ${column(list, (c) => c.machineHash)}::text[], ${column(list, (c) => c.version)}::text[],
      ${column(list, (c) => c.parent)}::text[], ${column(list, (c) => c.childId)}::text[], ${column(list, (c) => c.root)}::text[],
      ${column(list, (c) => c.systemId)}::text[], ${column(list, (c) => c.team)}::text[], ${column(list, (c) => c.bornWith)}::text[]
    ) as c(address, kind, key, status, after, value, snapshot, machine_hash, version, parent, child_id, root, system_id, team, born_with)
    where ${condition}
    on conflict (address) do nothing
    returning address, revision`
}

/** In the order of the list, which the join may lose: `seq` tells readers of all actors what came first. */
function historyRows(sql: Sql, list: HistoryRow[]): Fragment {
  return sql`
    added_history as (
      insert into history (address, revision, message_id, event, from_value, to_value, status, effects, handled, sender, cause, machine_hash, accepted_at)
      select h.address, h.revision, h.message_id, h.event::json, h.from_value::json, h.to_value::json, h.status, h.effects::json,
        h.handled, h.sender, h.cause, h.machine_hash, h.accepted_at
      from unnest(
        ${column(list, (h) => h.address)}::text[], ${column(list, (h) => h.revision)}::bigint[], ${column(list, (h) => h.messageId)}::text[],
        ${column(list, (h) => text(h.event))}::text[], ${column(list, (h) => text(h.from))}::text[], ${column(list, (h) => text(h.to))}::text[],
        ${column(list, (h) => h.status)}::text[], ${column(list, (h) => text(h.effects))}::text[], ${column(list, (h) => h.handled)}::bool[],
        ${column(list, (h) => h.sender)}::text[], ${column(list, (h) => h.cause)}::text[], ${column(list, (h) => h.machineHash)}::text[],
        ${column(list, (h) => h.acceptedAt)}::timestamptz[]
      ) with ordinality as h(address, revision, message_id, event, from_value, to_value, status, effects, handled, sender, cause, machine_hash, accepted_at, place)
      join committed using (address)
      order by h.place
    )`
}

function consumedMail(sql: Sql, list: TurnCommit['consumed']): Fragment {
  return sql`
    consumed as (
      delete from mailbox m
      using unnest(${column(list, (c) => c.by)}::text[], ${column(list, (c) => c.mailboxId)}::bigint[]) as c(address, id)
      join committed using (address)
      where m.id = c.id
    )`
}

/**
 * Mail stays in its sender's team: whatever a machine was talked into, what it sends to another team's actor becomes a dead
 * letter of its own team, which reads as if nobody had that address.
 */
function newMail(sql: Sql, list: TeamMail[]): Fragment {
  return sql`
    outgoing as (
      select m.*, r.team is not null and r.team <> m.team as foreign_team
      from unnest(
        ${column(list, (m) => m.by)}::text[], ${column(list, (m) => m.to)}::text[], ${column(list, (m) => m.id)}::text[],
        ${column(list, (m) => m.lane)}::smallint[], ${column(list, (m) => text(m.event))}::text[],
        ${column(list, (m) => m.sender)}::text[], ${column(list, (m) => m.cause)}::text[], ${column(list, (m) => m.team)}::text[]
      ) with ordinality as m(address, recipient, message_id, lane, event, sender, cause, team, place)
      join committed using (address)
      left join actors r on r.address = m.recipient
    ),
    sent as (
      insert into mailbox (address, message_id, lane, event, sender, cause, team)
      select recipient, message_id, lane, event::json, sender, cause, team
      from outgoing
      where not foreign_team
      order by place
      on conflict (address, message_id) do nothing
    ),
    walled as (
      insert into dead_letters (address, message_id, event, lane, sender, cause, team, reason)
      select recipient, message_id, event::json, lane, sender, cause, team, 'the actor does not exist'
      from outgoing
      where foreign_team
      order by place
    )`
}

function armedTimers(sql: Sql, list: TurnCommit['timers']): Fragment {
  return sql`
    armed as (
      insert into timers (address, id, armed, event, due_at, target, cause)
      select t.address, t.id, t.armed, t.event::json, clock_timestamp() + t.delay * interval '1 ms', t.target, t.cause
      from unnest(
        ${column(list, (t) => t.by)}::text[], ${column(list, (t) => t.id)}::text[], ${column(list, (t) => t.armed)}::text[],
        ${column(list, (t) => text(t.event))}::text[], ${column(list, (t) => t.delayMs)}::float8[], ${column(list, (t) => t.target)}::text[],
        ${column(list, (t) => t.cause)}::text[]
      ) as t(address, id, armed, event, delay, target, cause)
      join committed using (address)
      on conflict (address, id) do update
      set armed = excluded.armed, event = excluded.event, due_at = excluded.due_at, target = excluded.target, cause = excluded.cause
    )`
}

function goneTimers(sql: Sql, list: TurnCommit['timersGone']): Fragment {
  return sql`
    disarmed as (
      delete from timers t
      using unnest(${column(list, (g) => g.by)}::text[], ${column(list, (g) => g.id)}::text[]) as g(address, id)
      join committed using (address)
      where t.address = g.address and t.id = g.id
    )`
}

function startedInvocations(sql: Sql, list: TurnCommit['invocations'], claim: FirstClaim): Fragment {
  return sql`
    started as (
      insert into invocations (effect_id, address, id, born, kind, src, input, cause, attempts, claimed_by, lease_until)
      select i.effect_id, i.address, i.id, i.born, i.kind, i.src, i.input::json, i.cause,
        case when i.place <= ${claim.limit} then 1 else 0 end,
        case when i.place <= ${claim.limit} then ${claim.worker}::text end,
        case when i.place <= ${claim.limit} then clock_timestamp() + ${claim.leaseMs} * interval '1 ms' end
      from unnest(
        ${column(list, (i) => i.by)}::text[], ${column(list, (i) => i.effectId)}::text[], ${column(list, (i) => i.id)}::text[],
        ${column(list, (i) => i.born)}::text[], ${column(list, (i) => i.kind)}::text[], ${column(list, (i) => i.src)}::text[],
        ${column(list, (i) => text(i.input))}::text[], ${column(list, (i) => i.cause)}::text[]
      ) with ordinality as i(address, effect_id, id, born, kind, src, input, cause, place)
      join committed using (address)
      on conflict (effect_id) do nothing
      returning effect_id, claimed_by is not null as claimed
    )`
}

function goneInvocations(sql: Sql, list: TurnCommit['invocationsGone']): Fragment {
  return sql`
    withdrawn as (
      delete from invocations i
      using unnest(${column(list, (g) => g.by)}::text[], ${column(list, (g) => g.effectId)}::text[]) as g(address, effect_id)
      join committed using (address)
      where i.effect_id = g.effect_id
    )`
}

function newDeadLetters(sql: Sql, list: TurnCommit['deadLetters']): Fragment {
  return sql`
    buried as (
      insert into dead_letters (address, message_id, event, lane, sender, cause, team, reason, error, revision, machine_hash)
      select d.address, d.message_id, d.event::json, d.lane, d.sender, d.cause, d.team, d.reason, d.error::json, d.revision, d.machine_hash
      from unnest(
        ${column(list, (d) => d.by)}::text[], ${column(list, (d) => d.messageId)}::text[], ${column(list, (d) => text(d.event))}::text[],
        ${column(list, (d) => d.lane)}::smallint[], ${column(list, (d) => d.sender)}::text[], ${column(list, (d) => d.cause)}::text[],
        ${column(list, (d) => d.team)}::text[], ${column(list, (d) => d.reason)}::text[], ${column(list, (d) => text(d.error))}::text[],
        ${column(list, (d) => d.revision)}::bigint[], ${column(list, (d) => d.machineHash)}::text[]
      ) with ordinality as d(address, message_id, event, lane, sender, cause, team, reason, error, revision, machine_hash, place)
      join committed using (address)
      order by d.place
    )`
}

function emittedEvents(sql: Sql, list: EmittedEvent[]): Fragment {
  return sql`emitted as (${insertEmitted(sql, list, sql`join committed using (address)`)})`
}

/** `fence` joins what must hold for each event to be logged, by `e.address`. */
export function insertEmitted(sql: Sql, list: readonly EmittedEvent[], fence: Fragment): Fragment {
  return sql`
    insert into event_log (id, team, source, source_id, body_hash, type, subject, time, data, priority, correlationid, causationid, depth, status)
    select e.id, e.team, e.source, e.source_id, e.body_hash, e.type, e.subject, clock_timestamp(), e.data::json, e.priority,
      coalesce(c.correlationid, e.correlationid), e.causationid, least(coalesce(c.depth + 1, 0), 32767)::smallint, 'accepted'
    from unnest(
      ${column(list, (e) => e.by)}::text[], ${column(list, (e) => e.id)}::text[], ${column(list, (e) => e.team)}::text[],
      ${column(list, (e) => e.source)}::text[], ${column(list, (e) => e.sourceId)}::text[], ${column(list, (e) => e.bodyHash)}::text[],
      ${column(list, (e) => e.type)}::text[], ${column(list, (e) => e.subject)}::text[], ${column(list, (e) => text(e.data))}::text[],
      ${column(list, (e) => e.priority)}::smallint[], ${column(list, (e) => e.correlationid)}::text[],
      ${column(list, (e) => e.causationid)}::text[]
    ) with ordinality as e(address, id, team, source, source_id, body_hash, type, subject, data, priority, correlationid, causationid, place)
    ${fence}
    left join event_log c on c.id = e.causationid
    order by e.place
    on conflict (team, source, source_id) do nothing`
}

function leftovers(sql: Sql, list: Address[]): Fragment {
  return sql`
    ended as (select address from unnest(${list}::text[]) as e(address) join committed using (address)),
    ended_timers as (delete from timers t using ended e where t.address = e.address),
    ended_invocations as (delete from invocations i using ended e where i.address = e.address and i.kind = 'promise')`
}
