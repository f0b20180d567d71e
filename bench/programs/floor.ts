import pg from 'pg'
import { migrate } from '../../db/migrate.ts'
import { compareCounts } from '../contestant.ts'
import { drive, openBooks } from '../drive.ts'
import { serve } from './program.ts'

/**
 * The least that any durable host on these tables has to write for an event: one commit takes the mail in (with its
 * dedupe key), one updates the actors, appends to their histories and deletes the mail. One connection, 64 events a
 * commit, prepared statements; no queue, no machine, no HTTP, nothing that could go wrong.
 */

const BATCH = 64
const url = process.env['BENCH_DATABASE_URL'] ?? ''
const actors = Number(process.env['BENCH_ACTORS'])
await migrate(url)
const client = new pg.Client({ connectionString: url, options: '-c synchronous_commit=on' })
await client.connect()
const address = (actor: number): string => `counter/c${actor}`
const snapshot = (count: number): string =>
  JSON.stringify({ status: 'active', value: 'idle', historyValue: {}, context: { count }, children: {} })
const HASH = '0123456789abcdef0123456789abcdef'
const EVENT = '{"type":"WORK"}'

await client.query(
  `insert into actors (address, kind, key, status, revision, value, snapshot, machine_hash, version, root)
   select address, 'counter', substr(address, 9), 'active', 1, '"idle"', $2::json, $3, '0', address from unnest($1::text[]) as address`,
  [Array.from({ length: actors }, (_, actor) => address(actor)), snapshot(0), HASH],
)
const counts = Array.from({ length: actors }, () => 0)
const books = openBooks(actors)
let message = 0

const accept = {
  name: 'accept',
  text: `insert into mailbox (address, message_id, lane, event)
    select address, message_id, 1, $3::json from unnest($1::text[], $2::text[]) as m(address, message_id)
    on conflict (address, message_id) do nothing`,
}
const apply = {
  name: 'apply',
  text: `with moved as (
      update actors a set revision = c.revision, snapshot = c.snapshot::json, value = '"idle"', updated_at = clock_timestamp()
      from unnest($1::text[], $2::bigint[], $3::text[]) as c(address, revision, snapshot)
      where a.address = c.address and a.revision = c.revision - 1
      returning a.address, a.revision
    ), told as (
      insert into history (address, revision, message_id, event, from_value, to_value, status, effects, handled, machine_hash)
      select m.address, m.revision, h.message_id, $5::json, '"idle"', '"idle"', 'active', '[]', true, $6
      from moved m join unnest($1::text[], $4::text[]) as h(address, message_id) using (address)
    )
    delete from mailbox b using unnest($1::text[], $4::text[]) as c(address, message_id)
    where b.address = c.address and b.message_id = c.message_id`,
}

async function batch(): Promise<void> {
  const chosen = Array.from({ length: BATCH }, () => books.next())
  const addresses = chosen.map(address)
  const messages = chosen.map(() => `01FLOOR${String(++message).padStart(19, '0')}`)
  await client.query({ ...accept, values: [addresses, messages, EVENT] })
  const after = chosen.map((actor) => (counts[actor] ?? 0) + 1)
  const revisions = after.map((count) => count + 1)
  await client.query({ ...apply, values: [addresses, revisions, after.map(snapshot), messages, EVENT, HASH] })
  for (const [n, actor] of chosen.entries()) {
    counts[actor] = after[n] ?? 0
    books.acknowledge(actor)
  }
}

serve({
  measure: (_row, durationMs) => drive({ lanes: 1, durationMs, perCall: BATCH, call: batch }),
  async verify() {
    const { rows } = await client.query<{ address: string; count: number; told: number }>(
      `select address, (snapshot->'context'->>'count')::int as count,
         (select count(*)::int from history h where h.address = a.address) as told
       from actors a`,
    )
    const applied = new Map(rows.map((row) => [row.address, row.count === row.told ? row.count : -1]))
    compareCounts(
      'floor',
      books.acknowledged,
      books.acknowledged.map((_, actor) => applied.get(address(actor)) ?? -1),
    )
    return rows.length
  },
  stop: () => client.end(),
})
