import { replayActors } from '../../cli/replay.ts'
import { readConfig } from '../../core/config.ts'
import { compareCounts, type Plan, WrongAnswer } from '../contestant.ts'
import { drive, openBooks } from '../drive.ts'
import { type Client, connect, forEach } from '../http.ts'
import { startTroupe } from '../server.ts'

const BATCH = 100
const BATCHES_AT_ONCE = 4
const BATCH_TYPE = { 'content-type': 'application/cloudevents-batch+json' }
const WORK = '{"type":"WORK"}'

interface Answer {
  status: string
}

/** The real server, as its users start it, over HTTP: an event is done when its transition is committed (`?wait`). */
export function troupeHttp(backend: 'redis' | 'embedded'): Plan {
  const names = { one: `troupe http 1 ${backend}`, many: `troupe http 64 ${backend}`, batch: `troupe batch ${backend}` }
  return {
    rows: Object.values(names),
    durability:
      'PostgreSQL 18, fsync and synchronous_commit on: message, state and history; Redis, if any, only carries',
    ...(backend === 'redis' ? { needs: ['redis'] } : {}),
    async start(stage) {
      const { actors } = stage.sizes
      const server = await startTroupe(stage, backend)
      const clients = {
        one: connect(server.url, 1),
        many: connect(server.url, 64),
        batch: connect(server.url, BATCHES_AT_ONCE),
      }
      await forEach(actors, 64, async (actor) => {
        expectStatus(await clients.many.put(`/v1/actors/counter/c${actor}`, '{}'), 201)
      })
      const books = openBooks(actors)
      let last = 0

      async function send(client: Client): Promise<void> {
        const actor = books.next()
        const answer = await client.post(`/v1/actors/counter/c${actor}/events?wait=10s`, WORK)
        expectStatus(answer, 200)
        books.acknowledge(actor)
      }

      async function sendBatch(): Promise<void> {
        const chosen = Array.from({ length: BATCH }, () => books.next())
        const body = chosen.map((actor) => ({
          specversion: '1.0',
          id: String(++last),
          source: '/bench',
          type: 'WORK',
          subject: `counter/c${actor}`,
        }))
        const answer = await clients.batch.post('/v1/actors/events?wait=10s', JSON.stringify(body), BATCH_TYPE)
        expectStatus(answer, 200)
        const { results } = JSON.parse(answer.text) as { results: Answer[] }
        for (const [place, actor] of chosen.entries()) {
          const result = results[place]
          if (result?.status !== 'applied')
            throw new WrongAnswer(`an event of a batch was answered ${JSON.stringify(result)}`)
          books.acknowledge(actor)
        }
      }

      return {
        rows: {
          [names.one]: (durationMs) => drive({ lanes: 1, durationMs, call: () => send(clients.one) }),
          [names.many]: (durationMs) => drive({ lanes: 64, durationMs, call: () => send(clients.many) }),
          [names.batch]: (durationMs) => drive({ lanes: BATCHES_AT_ONCE, durationMs, perCall: BATCH, call: sendBatch }),
        },
        versions: {},
        async verify() {
          const applied: number[] = []
          await forEach(actors, 16, async (actor) => {
            const { context } = await clients.many.get<{ context: { count: number } }>(`/v1/actors/counter/c${actor}`)
            applied[actor] = context.count
          })
          compareCounts(names.many, books.acknowledged, applied)
          await expectReplay(server.url)
          return actors
        },
        async stop() {
          await Promise.all(Object.values(clients).map((client) => client.close()))
          await server.stop()
        },
      }
    },
  }
}

export function expectStatus({ status, text }: { status: number; text: string }, wanted: number): void {
  if (status !== wanted) throw new WrongAnswer(`answered ${status}: ${text.slice(0, 300)}`)
}

/** `troupe replay --all` against a running server. */
export async function expectReplay(url: string, address?: string): Promise<number> {
  const { checked, different } = await replayActors(readConfig({}), { address, url, key: undefined })
  if (different.length > 0)
    throw new WrongAnswer(`${different.length} actors do not replay, among them ${different[0]}`)
  return checked
}
