import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compareCounts, type Plan } from '../contestant.ts'
import { drive, openBooks } from '../drive.ts'
import { peerVersions } from '../environment.ts'
import { type Client, connect, forEach } from '../http.ts'
import { startServer } from '../process.ts'
import { findFreePort } from '../redis.ts'
import { expectStatus } from './troupe-http.ts'

const service = fileURLToPath(new URL('../peers/restate.mjs', import.meta.url))
const binary = fileURLToPath(new URL('../peers/node_modules/@restatedev/restate-server/lib/index.js', import.meta.url))
const EVENT = '{"event":{"type":"WORK"}}'

/**
 * @restatedev/xstate as its README shows it: restate-server with its defaults, the machine as a virtual object in a Node
 * process beside it, events through the HTTP ingress. `send` answers when the transition is committed.
 */
export const restate: Plan = {
  rows: ['restate http 1', 'restate http 64'],
  durability: 'Restate log on RocksDB, fsync of its write-ahead log on (default): invocation and state',
  needs: ['peers'],
  async start(stage) {
    const { actors } = stage.sizes
    const [ingress, admin, node] = [await findFreePort(), await findFreePort(), await findFreePort()]
    const logs = await stage.folder()
    const machine = await startServer(process.execPath, [service], { env: {}, log: join(logs, 'service.log') })
    stage.atEnd(machine.stop)
    const port = /\d+/.exec(await machine.line(/listening on \d+/))?.[0]
    const server = await startServer(
      process.execPath,
      [binary, `--base-dir=${await stage.folder()}`, '--listen-mode=tcp', '--bind-ip=127.0.0.1', `--bind-port=${node}`],
      {
        env: {
          RESTATE_INGRESS__BIND_PORT: String(ingress),
          RESTATE_ADMIN__BIND_PORT: String(admin),
          RESTATE_DISABLE_TELEMETRY: 'true',
          DO_NOT_TRACK: '1',
        },
        log: join(logs, 'restate.log'),
      },
    )
    stage.atEnd(server.stop)
    const control = connect(`http://127.0.0.1:${admin}`, 1)
    await untilRegistered(control, `http://127.0.0.1:${port}`)
    await control.close()

    const url = `http://127.0.0.1:${ingress}`
    const one = connect(url, 1)
    const many = connect(url, 64)
    await forEach(actors, 64, async (actor) => expectStatus(await many.post(`/counter/c${actor}/create`, '{}'), 200))
    const books = openBooks(actors)

    async function send(client: Client): Promise<void> {
      const actor = books.next()
      expectStatus(await client.post(`/counter/c${actor}/send`, EVENT), 200)
      books.acknowledge(actor)
    }

    return {
      rows: {
        'restate http 1': (durationMs) => drive({ lanes: 1, durationMs, call: () => send(one) }),
        'restate http 64': (durationMs) => drive({ lanes: 64, durationMs, call: () => send(many) }),
      },
      versions: await peerVersions([
        '@restatedev/xstate',
        '@restatedev/restate-sdk',
        '@restatedev/restate-server',
        'xstate',
      ]),
      async verify() {
        const applied: number[] = []
        await forEach(actors, 16, async (actor) => {
          const answer = await many.post(`/counter/c${actor}/snapshot`, '')
          expectStatus(answer, 200)
          applied[actor] = (JSON.parse(answer.text) as { context: { count: number } }).context.count
        })
        compareCounts('restate', books.acknowledged, applied)
        return actors
      },
      async stop() {
        await Promise.all([one.close(), many.close()])
        await server.stop()
        await machine.stop()
      },
    }
  },
}

/** The server takes a few seconds to provision itself before it takes a registration. */
async function untilRegistered(control: Client, uri: string): Promise<void> {
  const deadline = performance.now() + 60_000
  for (;;) {
    const answer = await control.post('/deployments', JSON.stringify({ uri })).catch(() => undefined)
    if (answer?.status === 201) return
    if (performance.now() > deadline)
      throw new Error(`restate-server takes no registration: ${answer?.text ?? 'no answer'}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
