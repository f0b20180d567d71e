import postgres from 'postgres'
import { expect } from 'vitest'
import type { Runtime } from '../../actors/runtime.ts'
import { eventually } from './eventually.ts'

/**
 * What must hold once everything has come to rest, whatever died meanwhile (ARCHITECTURE.md): no mail waits, every history
 * is contiguous and replays to the stored snapshot, nothing was applied twice. Reads with a connection of its own.
 */
export async function expectInvariants(runtime: Runtime, databaseUrl: string): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined })
  try {
    await eventually('all mail to be applied', async () => (await count(sql, waiting(sql))) === 0, {
      timeoutMs: 40_000,
    })
    expect(await broken(sql), 'histories with gaps, or that do not end at their actor').toEqual([])
    expect(await twice(sql), 'messages that were applied twice').toEqual([])
    const known = [...runtime.hosted.keys()]
    for (const { address } of await sql<
      { address: string }[]
    >`select address from actors where kind = any(${known}) order by address`) {
      expect(await runtime.replay(address), address).toMatchObject({ address, equal: true })
    }
  } finally {
    await sql.end()
  }
}

async function count(sql: postgres.Sql, query: postgres.PendingQuery<postgres.Row[]>): Promise<number> {
  const [row] = await sql<{ n: number }[]>`select count(*)::int as n from (${query}) waiting`
  return row?.n ?? -1
}

const waiting = (sql: postgres.Sql): postgres.PendingQuery<postgres.Row[]> => sql`
  select m.address from mailbox m left join actors a using (address) where a.status is distinct from 'parked'
  union all
  select address from timers where due_at <= clock_timestamp()
  union all
  select address from invocations where finished_at is not null`

const broken = (sql: postgres.Sql): Promise<postgres.Row[]> => sql`
  select a.address, a.revision, h.entries, h.last
  from actors a
  left join (select address, count(*)::int as entries, max(revision)::int as last from history group by address) h using (address)
  left join beginnings b using (address)
  where h.entries is distinct from a.revision - coalesce(b.revision, 1) + 1 or h.last is distinct from a.revision`

const twice = (sql: postgres.Sql): Promise<postgres.Row[]> => sql`
  select address, message_id
  from (
    select address, message_id from history
    union all
    select address, message_id from dead_letters where reason = 'the actor does not exist' or reason like 'the actor has ended%'
  ) applied
  group by address, message_id
  having count(*) > 1`
