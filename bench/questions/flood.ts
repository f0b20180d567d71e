import { expectReplay, expectStatus } from '../contestants/troupe-http.ts'
import { drive, openBooks } from '../drive.ts'
import { connect, forEach } from '../http.ts'
import { until } from '../patience.ts'
import { startTroupe } from '../server.ts'
import { median, spread } from '../stats.ts'
import type { Question } from './question.ts'

const WORK = '{"type":"WORK"}'
const LANES = 32

/** An agent that hears nothing: it is there to be paused. */
const AGENT = {
  metadata: { id: 'bystander', name: 'bystander', version: '1.0.0' },
  triggers: [{ on: 'alert.nobody.firing' }],
  playbook: { steps: [{ id: 'wait', uses: 'wait', with: { for: '1s' } }] },
}

/**
 * Half of all connections send to one actor, as fast as they are answered: what is left to the others of the speed that
 * they had alone, and how long a person's pause and resume of an agent take meanwhile, one after the other all the time.
 */
export const flood: Question = {
  name: 'flood',
  async ask(stage) {
    const { actors, rounds, roundMs } = stage.sizes
    const server = await startTroupe(stage, 'embedded')
    const others = connect(server.url, LANES)
    const flooding = connect(server.url, LANES)
    const people = connect(server.url, 1)
    await forEach(actors, LANES, async (actor) =>
      expectStatus(await others.put(`/v1/actors/counter/c${actor}`, '{}'), 201),
    )
    expectStatus(await others.put('/v1/actors/counter/flooded', '{}'), 201)
    expectStatus(await people.post('/v1/agents?publish=true', JSON.stringify(AGENT)), 201)
    await until('the agent to be there', 10_000, async () =>
      people.get<{ state: string }>('/v1/instances/bystander').catch(() => undefined),
    )
    const books = openBooks(actors)
    let accepted = 0
    let refused = 0

    const work = async (): Promise<void> => {
      const actor = books.next()
      expectStatus(await others.post(`/v1/actors/counter/c${actor}/events?wait=10s`, WORK), 200)
      books.acknowledge(actor)
    }
    const pour = async (): Promise<void> => {
      const answer = await flooding.post('/v1/actors/counter/flooded/events', WORK)
      if (answer.status === 429) refused += 1
      else {
        expectStatus(answer, 202)
        accepted += 1
      }
    }
    const control = async (command: 'pause' | 'resume'): Promise<number> => {
      const at = performance.now()
      const { status, text } = await people.post(`/v1/instances/bystander/${command}`, '{}')
      if (status >= 300) throw new Error(`${command} was answered ${status}: ${text.slice(0, 300)}`)
      return performance.now() - at
    }
    const rate = async (durationMs: number): Promise<number> => {
      const { events, seconds } = await drive({ lanes: LANES, durationMs, call: work })
      return events / seconds
    }

    await rate(stage.sizes.warmUpMs)
    const shares: number[] = []
    const controls: number[] = []
    for (let n = 0; n < rounds; n++) {
      const alone = await rate(roundMs)
      const over = new AbortController()
      const pouring = forEach(LANES, LANES, async () => {
        while (!over.signal.aborted) await pour()
      })
      const steering = (async () => {
        while (!over.signal.aborted)
          for (const command of ['pause', 'resume'] as const) controls.push(await control(command))
      })()
      shares.push((await rate(roundMs)) / alone)
      over.abort()
      await Promise.all([pouring, steering])
    }
    await until('the flood to be applied', 60_000, async () => {
      const { context } = await people.get<{ context: { count: number } }>('/v1/actors/counter/flooded')
      return context.count === accepted ? true : undefined
    })
    await expectReplay(server.url)
    await Promise.all([others.close(), flooding.close(), people.close()])
    await server.stop()
    const { p50Ms, p99Ms } = spread(controls)
    return {
      'flooding, events accepted': accepted,
      'flooding, events refused': refused,
      'speed of the others, share of theirs alone': median(shares),
      'pauses and resumes': controls.length,
      'pause or resume p50 ms': p50Ms,
      'pause or resume p99 ms': p99Ms,
    }
  },
}
