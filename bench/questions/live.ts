import { request } from 'undici'
import { expectReplay, expectStatus } from '../contestants/troupe-http.ts'
import { connect, forEach } from '../http.ts'
import { within } from '../patience.ts'
import { startTroupe } from '../server.ts'
import { spread } from '../stats.ts'
import type { Question } from './question.ts'

const EVENTS_PER_SECOND = 20
const SECONDS = 5

/**
 * Many people watch the live stream while actors work: from the event's POST until each of them sees its transition, and
 * whether all of them see all of it, in the order of each actor.
 */
export const live: Question = {
  name: 'live',
  async ask(stage) {
    const { watchers } = stage.sizes
    const server = await startTroupe(stage, 'embedded')
    const client = connect(server.url, 8)
    const events = EVENTS_PER_SECOND * SECONDS
    const actors = 10
    await forEach(actors, 8, async (actor) => expectStatus(await client.put(`/v1/actors/counter/c${actor}`, '{}'), 201))
    const postedAt = new Map<string, number>()
    const delays: number[] = []
    const over = new AbortController()

    async function watch(): Promise<{ opened: Promise<void>; saw: Promise<void> }> {
      const { body, statusCode } = await request(`${server.url}/v1/live`, { signal: over.signal })
      if (statusCode !== 200) throw new Error(`the live stream answered ${statusCode}`)
      let open: () => void = () => undefined
      const opened = new Promise<void>((resolve) => (open = resolve))
      const read = async (): Promise<void> => {
        const last = new Map<string, number>()
        let rest = ''
        let seen = 0
        for await (const part of body) {
          const at = performance.now()
          const frames = (rest + String(part)).split('\n\n')
          rest = frames.pop() ?? ''
          if (frames.length > 0) open()
          for (const frame of frames) {
            const data = /^data: ?(.+)$/m.exec(frame)?.[1]
            if (!/^event: ?actor$/m.test(frame) || data === undefined) continue
            const { address, revision } = JSON.parse(data) as { address: string; revision: number }
            const posted = postedAt.get(`${address} ${revision}`)
            if (posted === undefined) continue
            if (revision !== (last.get(address) ?? revision - 1) + 1)
              throw new Error(`a watcher saw a gap before ${address} ${revision}`)
            last.set(address, revision)
            delays.push(at - posted)
            if (++seen === events) return
          }
        }
        throw new Error(`a watcher's stream ended after ${seen} of ${events}`)
      }
      return { opened, saw: read() }
    }

    const all = await Promise.all(Array.from({ length: watchers }, watch))
    await within('the streams to open', 20_000, Promise.all(all.map(({ opened }) => opened)))
    const revisions = Array.from({ length: actors }, () => 1)
    const startedAt = performance.now()
    for (let n = 0; n < events; n++) {
      const actor = n % actors
      const revision = (revisions[actor] ?? 1) + 1
      revisions[actor] = revision
      const early = startedAt + (n * 1_000) / EVENTS_PER_SECOND - performance.now()
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
      postedAt.set(`counter/c${actor} ${revision}`, performance.now())
      expectStatus(await client.post(`/v1/actors/counter/c${actor}/events?wait=10s`, '{"type":"WORK"}'), 200)
    }
    await within('all watchers to see all', 30_000, Promise.all(all.map(({ saw }) => saw)))
    over.abort()
    await expectReplay(server.url)
    await client.close()
    await server.stop()
    return { watchers, 'events per second': EVENTS_PER_SECOND, frames: delays.length, ...spread(delays) }
  },
}
