import { answer, type Sql } from './client.ts'

/** Milliseconds that the oldest message of an active actor has waited; 0 when nothing waits. Fails when Postgres does. */
export async function measureLag(sql: Sql): Promise<number> {
  const [row] = await answer(sql<{ lag: number | null }[]>`
    select (extract(epoch from clock_timestamp() - m.created_at) * 1000)::float8 as lag
    from mailbox m
    join actors a using (address)
    where a.status = 'active'
    order by m.created_at
    limit 1`)
  return Math.max(0, Math.round(row?.lag ?? 0))
}
