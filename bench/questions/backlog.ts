import { expectBooks, query } from '../books.ts'
import { expectReplay } from '../contestants/troupe-http.ts'
import { bear, openFeeder, pour } from '../feeder.ts'
import { until } from '../patience.ts'
import { startTroupe } from '../server.ts'
import type { Question } from './question.ts'

const ACTORS = 1_000
const LOOK_MS = 100

/**
 * Mail that came while no worker ran: how fast it is taken in, and, once a server starts, whether the last tenth is
 * worked off as fast as the first. Rates are of transitions committed, read from the actors' revisions.
 */
export const backlog: Question = {
  name: 'backlog',
  async ask(stage) {
    const { backlog: messages } = stage.sizes
    const databaseUrl = await stage.database()
    const feeder = await openFeeder(stage, databaseUrl)
    await bear(feeder, 'counter', 'c', ACTORS)
    const startedAt = performance.now()
    await pour(feeder, messages, (n) => ({ to: `counter/c${n % ACTORS}`, event: { type: 'WORK' } }))
    const acceptedPerSecond = messages / ((performance.now() - startedAt) / 1_000)
    await feeder.stop()

    const curve: { at: number; done: number }[] = []
    const workedOff = until('the backlog to be worked off', 3_600_000, async () => {
      const [row] = await query<{ done: number }>(
        databaseUrl,
        `select (coalesce(sum(revision), 0) - count(*))::float8 as done from actors where kind = 'counter'`,
      )
      const done = row?.done ?? 0
      curve.push({ at: performance.now(), done })
      if (done >= messages) return done
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      return undefined
    })
    // The looks begin before the server does: it begins with the backlog while it is still starting.
    const server = await startTroupe(stage, 'embedded', { DATABASE_URL: databaseUrl })
    await workedOff
    await expectBooks(databaseUrl, 'counter', messages)
    for (const actor of ['counter/c0', `counter/c${ACTORS - 1}`]) await expectReplay(server.url, actor)
    await server.stop()
    const first = rateBetween(curve, 0, messages * 0.1)
    const last = rateBetween(curve, messages * 0.9, messages)
    return {
      messages,
      'accepted per second': acceptedPerSecond,
      'drained per second, whole': rateBetween(curve, 0, messages),
      'drained per second, first tenth': first,
      'drained per second, last tenth': last,
      'last tenth vs first': last / first,
    }
  },
}

/** Events a second between two levels, interpolated between the looks at the database. */
export function rateBetween(curve: readonly { at: number; done: number }[], from: number, to: number): number {
  return (to - from) / ((timeOf(curve, to) - timeOf(curve, from)) / 1_000)
}

function timeOf(curve: readonly { at: number; done: number }[], level: number): number {
  const after = curve.findIndex(({ done }) => done > level || (done === level && level > 0))
  const [left, right] = [curve[after - 1], curve[after]]
  if (!right) return Number.NaN
  if (!left) return right.at
  return left.at + ((level - left.done) / (right.done - left.done)) * (right.at - left.at)
}
