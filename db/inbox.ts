import { answer, type Sql } from './client.ts'

/** How much waits for a person, besides runs. */
export interface Waiting {
  deadLetters: number
  parked: number
  unhandled: number
}

/** Open dead letters, parked actors, and events of the last `sinceHours` that nobody heard. */
export async function countWaiting(sql: Sql, team: string, sinceHours: number): Promise<Waiting> {
  const [row] = await answer(sql<Waiting[]>`
    select
      (select count(*)::int from dead_letters where team = ${team} and resolution is null) as "deadLetters",
      (select count(*)::int from actors where team = ${team} and status = 'parked') as parked,
      (
        select count(*)::int
        from event_log
        where team = ${team} and status = 'unhandled' and received_at > now() - make_interval(hours => ${sinceHours})
      ) as unhandled`)
  return row ?? { deadLetters: 0, parked: 0, unhandled: 0 }
}
