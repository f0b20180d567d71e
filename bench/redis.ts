import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** `everysec`: what BullMQ's documentation asks for in production. `always`: a write is on the disk when it is answered. */
export type RedisPolicy = 'everysec' | 'always'

export interface BenchRedis {
  url: string
  stop(): Promise<void>
}

export async function redisVersion(): Promise<string | undefined> {
  // Not installed: whoever needs it says so.
  const found = await run('redis-server', ['--version']).catch(() => undefined)
  return found && (/v=([\d.]+)/.exec(found.stdout)?.[1] ?? found.stdout.trim())
}

/** A Redis of our own on the loopback; `undefined` where redis-server is not installed. */
export async function startRedis(policy: RedisPolicy, folder: string): Promise<BenchRedis | undefined> {
  if ((await redisVersion()) === undefined) return undefined
  const port = await findFreePort()
  const settings = ['--bind', '127.0.0.1', '--dir', folder, '--appendonly', 'yes', '--appendfsync', policy]
  const child = spawn(
    'redis-server',
    ['--port', String(port), ...settings, '--save', '', '--maxmemory-policy', 'noeviction'],
    { stdio: ['ignore', 'pipe', 'ignore'], detached: true },
  )
  const killed = (): unknown => child.kill('SIGKILL')
  process.once('exit', killed)
  const ended = once(child, 'exit')
  for await (const part of child.stdout) if (String(part).includes('Ready to accept connections')) break
  if (child.exitCode !== null) throw new Error('redis-server ended at once')
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      process.off('exit', killed)
      child.kill('SIGKILL')
      await ended
    },
  }
}

export async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (typeof address !== 'object' || !address) throw new Error('There is no free port')
  return address.port
}
