import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Redis } from 'ioredis'

export interface RedisServer {
  port: number
  pid(): number
  /** A connection that no proxy disturbs. */
  client(): Redis
  kill(): Promise<void>
  /** On the same port; empty, unless told where to find something. */
  start(settings?: readonly string[]): Promise<void>
  /** A second server that copies this one by way of another port, until it takes its place. */
  replicate(via: number): Promise<Replica>
  stop(): Promise<void>
}

export interface Replica {
  client: Redis
  /** This one dies, and the other one answers on its port with what it has. */
  promote(): Promise<void>
}

const PATIENCE_MS = 10_000

/** A Redis of our own, which comes back empty on the same port. Throws where `redis-server` is not installed. */
export async function createRedisServer(folder: string): Promise<RedisServer> {
  const port = await freePort()
  let child: ChildProcess | undefined
  let client: Redis | undefined

  async function start(settings: readonly string[] = []): Promise<void> {
    child = await launch(port, ['--dir', folder, '--appendonly', 'no', ...settings])
  }

  async function kill(): Promise<void> {
    const dying = child
    if (!dying || dying.exitCode !== null || dying.signalCode !== null) return
    const ended = new Promise((resolve) => dying.once('exit', resolve))
    dying.kill('SIGKILL')
    await ended
  }

  await start()
  return {
    port,
    pid: () => child?.pid ?? 0,
    client() {
      client ??= new Redis(port, '127.0.0.1', { maxRetriesPerRequest: 2, retryStrategy: () => 100 }).on(
        'error',
        () => undefined,
      )
      return client
    },
    kill,
    start,
    async replicate(via) {
      const other = await freePort()
      const second = await launch(other, [
        '--dir',
        folder,
        '--dbfilename',
        'replica.rdb',
        '--replicaof',
        '127.0.0.1',
        String(via),
      ])
      const copy = new Redis(other, '127.0.0.1')
      copy.on('error', () => undefined)
      return {
        client: copy,
        async promote() {
          await kill()
          child = second
          await copy.call('REPLICAOF', 'NO', 'ONE')
          // Whoever looks for the first one at its port finds this one.
          for (const until = performance.now() + PATIENCE_MS; ; await pause(50)) {
            const moved = await copy.config('SET', 'port', port).then(
              () => true,
              () => false,
            )
            if (moved) break
            if (performance.now() > until) throw new Error('the replica does not get the port')
          }
          copy.disconnect()
        },
      }
    },
    async stop() {
      client?.disconnect()
      await kill()
      await pause(0)
    },
  }
}

async function launch(port: number, settings: readonly string[]): Promise<ChildProcess> {
  const common = [
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--maxmemory-policy',
    'noeviction',
    '--repl-diskless-sync-delay',
    '0',
  ]
  // Its folder is moved to a small disk while it runs.
  const args = ['--port', String(port), ...common, '--enable-protected-configs', 'yes', ...settings]
  const started = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const end = (): unknown => started.kill('SIGKILL')
  process.once('exit', end)
  started.once('exit', () => process.off('exit', end))
  await new Promise<void>((resolve, reject) => {
    started.once('error', reject)
    started.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)))
    started.stdout?.on('data', (part: Buffer) => part.includes('Ready to accept') && resolve())
  })
  return started
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}
