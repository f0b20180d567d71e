import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compareCounts, type Plan } from '../contestant.ts'
import { drive, openBooks } from '../drive.ts'
import { connect, forEach } from '../http.ts'
import { startServer } from '../process.ts'
import { expectStatus } from './troupe-http.ts'

const ROW = 'http alone 64'
const program = fileURLToPath(new URL('../programs/http-alone.ts', import.meta.url))

/** What the same requests cost on Node's HTTP server when nothing is done: no server on Node that keeps anything is faster. */
export const httpAlone: Plan = {
  rows: [ROW],
  durability: 'none: memory',
  async start(stage) {
    const { actors } = stage.sizes
    const server = await startServer(process.execPath, [program], {
      env: {},
      log: join(await stage.folder(), 'http-alone.log'),
    })
    stage.atEnd(server.stop)
    const port = /\d+/.exec(await server.line(/listening on \d+/))?.[0]
    const client = connect(`http://127.0.0.1:${port}`, 64)
    const books = openBooks(actors)

    async function send(): Promise<void> {
      const actor = books.next()
      expectStatus(await client.post(`/v1/actors/counter/c${actor}/events`, '{"type":"WORK"}'), 200)
      books.acknowledge(actor)
    }

    return {
      rows: { [ROW]: (durationMs) => drive({ lanes: 64, durationMs, call: send }) },
      versions: {},
      async verify() {
        const applied: number[] = []
        await forEach(actors, 16, async (actor) => {
          const { context } = await client.get<{ context: { count: number } }>(`/v1/actors/counter/c${actor}`)
          applied[actor] = context.count
        })
        compareCounts(ROW, books.acknowledged, applied)
        return actors
      },
      async stop() {
        await client.close()
        await server.stop()
      },
    }
  },
}
