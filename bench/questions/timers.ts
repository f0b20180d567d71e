import { setTimeout as pause } from 'node:timers/promises'
import { query } from '../books.ts'
import { expectReplay } from '../contestants/troupe-http.ts'
import { bear, openFeeder, pour } from '../feeder.ts'
import { until } from '../patience.ts'
import { startTroupe } from '../server.ts'
import { percentile } from '../stats.ts'
import type { Question } from './question.ts'

const PER_SECOND = 50
/** Time to arm those that are due, before the first of them is: so much, and more for each. */
const LEAD_MS = { all: 2_000, each: 6 }

/**
 * Many timers armed, most of them for much later; some become due, spread evenly. The error of one is how much later than
 * due its transition is written to the history, by the database's clock.
 */
export const timers: Question = {
  name: 'timers',
  async ask(stage) {
    const armed = stage.sizes.timers
    const due = Math.min(1_000, armed / 20)
    const leadMs = LEAD_MS.all + LEAD_MS.each * due
    const databaseUrl = await stage.database()
    const server = await startTroupe(stage, 'embedded', { DATABASE_URL: databaseUrl })
    const feeder = await openFeeder(stage, databaseUrl)
    await bear(feeder, 'alarm', 'a', armed)
    await pour(feeder, armed - due, (n) => ({ to: `alarm/a${due + n}`, event: { type: 'ARM', ms: 86_400_000 } }))
    await until('all to be armed', 600_000, async () => {
      const [row] = await query<{ count: number }>(databaseUrl, 'select count(*)::int as count from timers')
      return row?.count === armed - due ? row : undefined
    })
    const soon = Array.from({ length: due }, (_, n) => ({
      actor: `alarm/a${n}`,
      ms: leadMs + (n * 1_000) / PER_SECOND,
    }))
    await pour(feeder, due, (n) => ({ to: soon[n]?.actor ?? '', event: { type: 'ARM', ms: soon[n]?.ms ?? 0 } }))
    const expected = await until('the last to be armed', leadMs, async () => {
      const rows = await query<{ address: string; due: number }>(
        databaseUrl,
        `select address, extract(epoch from due_at)::float8 * 1000 as due from timers where due_at < now() + interval '1 hour'`,
      )
      return rows.length === due ? rows : undefined
    })
    // Nobody looks before the last is due: to open a connection and to count is work for the processors that fire timers.
    await pause(Math.max(...expected.map((row) => row.due)) - Date.now())
    await until('all that are due to fire', 60_000, async () => {
      const sql = `select count(*)::int as count from timers where due_at < now() + interval '1 hour'`
      const [row] = await query<{ count: number }>(databaseUrl, sql)
      return row?.count === 0 ? row : undefined
    })
    const fired = await query<{ address: string; at: number }>(
      databaseUrl,
      `select address, extract(epoch from at)::float8 * 1000 as at from history where event->>'type' like 'xstate.after.%'`,
    )
    const dueAt = new Map(expected.map((row) => [row.address, row.due]))
    const errors = fired.map(({ address, at }) => at - (dueAt.get(address) ?? Number.NaN))
    for (const actor of ['alarm/a0', `alarm/a${due - 1}`]) await expectReplay(server.url, actor)
    await feeder.stop()
    await server.stop()
    const sorted = Float64Array.from(errors).sort()
    if (sorted.length !== due) throw new Error(`${sorted.length} of ${due} timers fired once`)
    if (!((sorted[0] ?? 0) >= 0)) throw new Error(`a timer fired ${-(sorted[0] ?? 0)} ms early`)
    return {
      armed,
      fired: due,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      maxMs: percentile(sorted, 1),
    }
  },
}
