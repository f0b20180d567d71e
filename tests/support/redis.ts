import { execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, inject } from 'vitest'
import { eventually } from './eventually.ts'
import { TEMP_PREFIX } from './leftovers.ts'

const run = promisify(execFile)

export type Backend = { name: 'postgres'; redisUrl?: undefined } | { name: 'redis'; redisUrl: string }

/**
 * What the same tests have to hold on: `describe.each(await backends())('on $name', ({ redisUrl }) => …)`. Each test
 * file gets a Redis of its own, so FLUSHALL in one disturbs no other; only an external one is shared.
 */
export async function backends(): Promise<Backend[]> {
  const { url, program } = inject('redis')
  if (url) return [{ name: 'postgres' }, { name: 'redis', redisUrl: url }]
  if (!program) return [{ name: 'postgres' }]
  const redis = await launchRedis(program)
  afterAll(() => redis.stop())
  return [{ name: 'postgres' }, { name: 'redis', redisUrl: redis.url }]
}

export interface TestRedis {
  url: string
  port: number
  pid: number
  stop(): Promise<void>
}

/** A private Redis that a test may freeze, flush and kill; undefined where `redis-server` is not installed. */
export async function startRedis(options: { port?: number } = {}): Promise<TestRedis | undefined> {
  const program = inject('redis').program ?? (await findProgram())
  return program ? launchRedis(program, options.port) : undefined
}

/** Decides once per run where Redis comes from. With TROUPE_REQUIRE_REDIS=1 there is no run without it. */
export async function chooseRedis(): Promise<{ url?: string; program?: string; note: string }> {
  const url = process.env.TROUPE_TEST_REDIS_URL ?? process.env.REDIS_URL
  if (url) return { url, note: ` and Redis at ${new URL(url).host}` }
  const program = await findProgram()
  if (program) return { program, note: ' and Redis (redis-server, one per test file)' }
  if (process.env.TROUPE_REQUIRE_REDIS === '1') {
    throw new Error('TROUPE_REQUIRE_REDIS=1, but there is neither a redis-server nor TROUPE_TEST_REDIS_URL')
  }
  return { note: '; NOT Redis: install redis-server or set TROUPE_TEST_REDIS_URL to run on both' }
}

async function findProgram(): Promise<string | undefined> {
  try {
    await run('redis-server', ['--version'])
    return 'redis-server'
  } catch {
    // Not installed: the caller says so.
    return undefined
  }
}

async function launchRedis(program: string, fixedPort?: number): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
  const port = fixedPort ?? (await findFreePort())
  const settings = ['--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no']
  const child = spawn(program, ['--port', String(port), ...settings, '--maxmemory-policy', 'noeviction'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  let output = ''
  child.stdout.on('data', (part: Buffer) => (output += part.toString()))
  const endWithUs = (): unknown => child.kill('SIGKILL')
  process.once('exit', endWithUs)
  await eventually('redis-server to take connections', () => {
    if (child.exitCode !== null) throw new Error(output)
    return output.includes('Ready to accept connections')
  })
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: child.pid ?? 0,
    async stop() {
      process.off('exit', endWithUs)
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (typeof address !== 'object' || !address) throw new Error('There is no free port')
  return address.port
}
