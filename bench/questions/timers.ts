import { query } from '../books.ts'
import { expectReplay } from '../contestants/troupe-http.ts'
import { bear, openFeeder, pour } from '../feeder.ts'
import { until } from '../patience.ts'
import { startTroupe } from '../server.ts'
import { percentile } from '../stats.ts'
import type { Question } from './question.ts'

const PER_SECOND = 50

/**
 * Many timers armed, most of them for much later; some become due, spread evenly. The error of one is how much later than
 * due its transition is in the history, both by the database's clock; the commit is part of the next millisecond.
 */
export const timers: Question = {
  name: 'timers',
  async ask(stage) {
    const armed = stage.sizes.timers
    const due = Math.min(1_000, armed / 10)
    const databaseUrl = await stage.database()
    const server = await startTroupe(stage, 'embedded', { DATABASE_URL: databaseUrl })
    const feeder = await openFeeder(stage, databaseUrl)
    await bear(feeder, 'alarm', 'a', armed)
    await pour(feeder, armed - due, (n) => ({ to: `alarm/a${due + n}`, event: { type: 'ARM', ms: 86_400_000 } }))
    await until('all to be armed', 600_000, async () => {
      const [row] = await query<{ count: number }>(databaseUrl, 'select count(*)::int as count from timers')
      return row?.count === armed - due ? row : undefined
    })
    // Armed in one go, so that the due times are as far apart as their delays.
    const leadMs = 5_000
    await pour(feeder, due, (n) => ({
      to: `alarm/a${n}`,
      event: { type: 'ARM', ms: leadMs + (n * 1_000) / PER_SECOND },
    }))
    await until('all that are due to fire', leadMs + (due / PER_SECOND) * 1_000 + 60_000, async () => {
      const [row] = await query<{ count: number }>(
        databaseUrl,
        `select count(*)::int as count from history where event->>'type' like 'xstate.after.%'`,
      )
      return row?.count === due ? row : undefined
    })
    const rows = await query<{ errorMs: number }>(
      databaseUrl,
      `select extract(epoch from fired.at - armed.at) * 1000 - (armed.event->>'ms')::float8 as "errorMs"
       from history armed
       join history fired on fired.address = armed.address and fired.event->>'type' like 'xstate.after.%'
       where armed.event->>'type' = 'ARM'`,
    )
    for (const actor of ['alarm/a0', `alarm/a${due - 1}`]) await expectReplay(server.url, actor)
    await feeder.stop()
    await server.stop()
    const sorted = Float64Array.from(rows, ({ errorMs }) => Number(errorMs)).sort()
    if (sorted.length !== due) throw new Error(`${sorted.length} of ${due} timers fired once`)
    if ((sorted[0] ?? 0) < -1) throw new Error(`a timer fired ${-(sorted[0] ?? 0)} ms early`)
    return {
      armed,
      fired: due,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      maxMs: percentile(sorted, 1),
    }
  },
}
