import type { Address } from '../core/address.ts'
import type { Json } from '../core/json.ts'
import { answer, type Fragment, type Sql } from './client.ts'

/** So many messages are looked at, from the newest backwards. */
const LOOKED_AT = 5_000

/**
 * When it entered the state it is in: messages that left it there do not count. Where the last 5,000 left it there, the
 * time of the first of them: it has stood there for longer. Undefined before its birth, and where its whole history is
 * shorter and tells of no entry.
 */
export async function findStateEntry(sql: Sql, address: Address): Promise<Date | undefined> {
  const [row] = await answer(sql<{ at: Date | null }[]>`
    select coalesce(
      (select at
       from history
       where address = ${address} and revision > ${oldest(sql, address)} and from_value::text is distinct from to_value::text
       order by revision desc
       limit 1),
      (select at
       from history
       where address = ${address} and revision = ${oldest(sql, address)} + 1)) as at`)
  return row?.at ?? undefined
}

/** The revision before those that are looked at. */
const oldest = (sql: Sql, address: Address): Fragment => sql`
  (select max(revision) - ${LOOKED_AT} from history where address = ${address})`

export interface DelayRow {
  id: string
  eventType: string
  dueAt: Date
  armedAt: Date | null
  target: Address | null
}

/** The actor's timers with the time of the step that armed them, the next one first. */
export async function listDelays(sql: Sql, address: Address): Promise<DelayRow[]> {
  return answer(sql<DelayRow[]>`
    select t.id, t.event ->> 'type' as "eventType", t.due_at as "dueAt", h.at as "armedAt", t.target
    from timers t
    left join history h on h.address = t.address and h.revision = split_part(t.armed, '.', 1)::bigint
    where t.address = ${address}
    order by t.due_at, t.id`)
}

/** The states an actor has been in, one after the other; messages that left it where it was do not count. */
export async function listStates(sql: Sql, address: Address): Promise<{ value: Json; at: Date }[]> {
  return answer(sql<{ value: Json; at: Date }[]>`
    select to_value as value, at
    from history
    where address = ${address} and from_value::text is distinct from to_value::text
    order by revision
    limit 2000`)
}
