import type { Address } from '../core/address.ts'
import type { Json } from '../core/json.ts'
import { answer, type Sql } from './client.ts'

/** When it entered the state it is in: messages that left it there do not count. Undefined before its birth. */
export async function findStateEntry(sql: Sql, address: Address): Promise<Date | undefined> {
  const [row] = await answer(sql<{ at: Date }[]>`
    select at
    from history
    where address = ${address} and from_value::text is distinct from to_value::text
    order by revision desc
    limit 1`)
  return row?.at
}

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
