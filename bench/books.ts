import pg from 'pg'
import { WrongAnswer } from './contestant.ts'

/** One question to a database, on a connection of its own. */
export async function query<Row extends object>(
  databaseUrl: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    return (await client.query<Row>(text, values)).rows
  } finally {
    await client.end()
  }
}

/**
 * For databases too large to replay whole: nothing waits, every actor's revision is the number of its history rows, no
 * message was applied twice, and as many events were counted in all as were sent.
 */
export async function expectBooks(databaseUrl: string, kind: string, sent: number): Promise<void> {
  const [found] = await query<{ waiting: number; gaps: number; counted: number }>(
    databaseUrl,
    `select
       (select count(*)::int from mailbox) as waiting,
       (select count(*)::int from actors a
        left join (select address, count(*) as entries, max(revision) as last from history group by address) h using (address)
        where a.kind = $1 and (a.revision is distinct from h.entries or a.revision is distinct from h.last)) as gaps,
       (select coalesce(sum((snapshot->'context'->>'count')::bigint), 0)::float8 from actors where kind = $1) as counted`,
    [kind],
  )
  if (found?.waiting !== 0 || found.gaps !== 0 || found.counted !== sent)
    throw new WrongAnswer(
      `${sent} events sent, ${found?.counted} counted, ${found?.waiting} still wait, ${found?.gaps} histories do not fit`,
    )
}
