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
  start(): Promise<void>
  stop(): Promise<void>
}

/** A Redis of our own, which comes back empty on the same port. Throws where `redis-server` is not installed. */
export async function createRedisServer(folder: string): Promise<RedisServer> {
  const port = await freePort()
  let child: ChildProcess | undefined
  let client: Redis | undefined

  async function start(): Promise<void> {
    const settings = ['--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no']
    const started = spawn('redis-server', ['--port', String(port), ...settings, '--maxmemory-policy', 'noeviction'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child = started
    const end = (): unknown => started.kill('SIGKILL')
    process.once('exit', end)
    started.once('exit', () => process.off('exit', end))
    await new Promise<void>((resolve, reject) => {
      started.once('error', reject)
      started.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)))
      started.stdout?.on('data', (part: Buffer) => part.includes('Ready to accept') && resolve())
    })
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
      client ??= new Redis(port, '127.0.0.1', { maxRetriesPerRequest: 2, retryStrategy: () => 100 })
      client.on('error', () => undefined)
      return client
    },
    kill,
    start,
    async stop() {
      client?.disconnect()
      await kill()
      await pause(0)
    },
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}
