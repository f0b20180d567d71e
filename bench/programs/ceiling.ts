import { createActor } from 'xstate'
import { compareCounts } from '../contestant.ts'
import { openBooks } from '../drive.ts'
import { machines } from '../machines.ts'
import type { Measured } from '../stats.ts'
import { serve } from './program.ts'

/** XState alone: the machines step in memory, nothing outlives the process. */

const actors = Array.from({ length: Number(process.env['BENCH_ACTORS']) }, () => createActor(machines.counter).start())
const books = openBooks(actors.length)
/** The loop looks at the clock once for so many events; looking at it each time would be most of what it does. */
const STRIDE = 256

function measure(durationMs: number): Measured {
  const startedAt = performance.now()
  let events = 0
  while (performance.now() - startedAt < durationMs) {
    for (let n = 0; n < STRIDE; n++) {
      const actor = books.next()
      actors[actor]?.send({ type: 'WORK' })
      books.acknowledge(actor)
    }
    events += STRIDE
  }
  const seconds = (performance.now() - startedAt) / 1_000
  // One event after the other, so each takes its share.
  const eachMs = (seconds * 1_000) / events
  return { events, seconds, p50Ms: eachMs, p99Ms: eachMs }
}

serve({
  measure: async (_row, durationMs) => measure(durationMs),
  async verify() {
    compareCounts(
      'ceiling',
      books.acknowledged,
      actors.map((actor) => actor.getSnapshot().context.count),
    )
    return actors.length
  },
  stop: async () => undefined,
})
