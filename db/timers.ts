import type { Address } from '../core/address.ts'
import { answer, type Sql } from './client.ts'

/*
 * What looks for what is due compares with `statement_timestamp()`: `clock_timestamp()` may differ from row to row, so no
 * index can be searched for it, and the look reads every timer there is (docs/decisions/0010).
 */

/**
 * Timers that are due within the horizon, and in how many milliseconds (never negative) by the database's clock, the
 * earliest first: those of actors of these kinds, and those whose event is for another actor (`delivers`).
 */
export async function listUpcoming(
  sql: Sql,
  options: { kinds: readonly string[]; horizonMs: number; limit: number },
): Promise<{ address: Address; id: string; inMs: number; delivers: boolean }[]> {
  return answer(sql<{ address: Address; id: string; inMs: number; delivers: boolean }[]>`
    select t.address, t.id, t.target is not null as delivers,
      greatest(0, extract(epoch from t.due_at - clock_timestamp()) * 1000)::float8 as "inMs"
    from timers t
    join actors a on a.address = t.address
    where t.due_at < statement_timestamp() + ${options.horizonMs} * interval '1 ms'
      and (t.target is not null or (a.status = 'active' and a.kind = any(${options.kinds as string[]})))
    order by t.due_at
    limit ${options.limit}`)
}

/**
 * Turns due timers for other actors (delayed `sendTo`) into mail, the earliest first; answers who got some. As in a turn,
 * what goes to another team's actor becomes a dead letter of the sender's.
 */
export async function deliverDue(sql: Sql, limit: number): Promise<Address[]> {
  const rows = await answer(sql<{ address: Address }[]>`
    with due as (
      delete from timers
      where (address, id) in (
        select address, id from timers
        where target is not null and due_at <= statement_timestamp()
        order by due_at
        limit ${limit}
        for update skip locked
      )
      returning address, id, armed, event, due_at, target, cause
    ),
    outgoing as (
      select d.*, 'timer:' || d.address || ':' || d.id || ':' || d.armed as message_id, s.team, r.team is not null and r.team <> s.team as foreign_team
      from due d
      join actors s on s.address = d.address
      left join actors r on r.address = d.target
    ),
    walled as (
      insert into dead_letters (address, message_id, event, lane, sender, cause, team, reason)
      select target, message_id, event, 1, address, cause, team, 'the actor does not exist'
      from outgoing
      where foreign_team
    )
    insert into mailbox (address, message_id, lane, event, sender, cause, team)
    select target, message_id, 1, event, address, cause, team
    from outgoing
    where not foreign_team
    order by due_at, id
    on conflict (address, message_id) do nothing
    returning address`)
  return rows.map((row) => row.address)
}

export async function listTimers(
  sql: Sql,
  address: Address,
): Promise<{ id: string; eventType: string; dueAt: Date }[]> {
  return answer(sql`
    select id, event ->> 'type' as "eventType", due_at as "dueAt"
    from timers
    where address = ${address}
    order by due_at`)
}
