import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { openRedis } from '../../actors/carriage/redis.ts'
import { createRuntime } from '../../actors/runtime.ts'
import { machines } from '../faults/programs/machines.ts'
import { createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'
import { TEMP_PREFIX } from '../support/leftovers.ts'
import { startRedis } from '../support/redis.ts'

const probe = await startRedis()
await probe?.stop()

it.each(['http://cache:6379', 'redis+sentinel://sentry:26379', 'redis+magic://a:1'])('refuses %s', (url) => {
  expect(() => openRedis(url, { lazyConnect: true })).toThrow(/REDIS_URL: /)
})

describe.skipIf(!probe)('work is carried', () => {
  const stops: (() => Promise<unknown>)[] = []
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop()
  })

  /** Mail, news and work between an api process' runtime and a worker's, over the carrier of this URL only. */
  async function expectCarried(redisUrl: string): Promise<void> {
    const database = await createTestDatabase()
    const options = { databaseUrl: database.url, redisUrl, machines: machines(() => undefined) }
    const worker = await createRuntime({ ...options, roles: ['worker'] })
    const api = await createRuntime({ ...options, roles: ['api'] })
    await Promise.all([worker.start(), api.start()])
    try {
      await eventually('the carrier to be there', async () => (await api.health()).queue, { timeoutMs: 15_000 })
      const address = await api.spawn('counter', { key: 'one' })
      for (let n = 0; n < 10; n++) await api.send(address, { type: 'ADD', n })
      const job = await api.spawn('job', { key: 'one', input: { ms: 20 } })
      await api.settled(address)
      await eventually('the work to be done', async () => (await api.snapshot(job)).value === 'done', {
        timeoutMs: 15_000,
      })
      expect((await api.snapshot(address)).context).toMatchObject({ count: 10 })
      await expectInvariants(api, database.url)
    } finally {
      await Promise.all([worker.stop(), api.stop()])
      await database.drop()
    }
  }

  async function server(args: string[]): Promise<number> {
    const folder = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
    const spare = await startRedis()
    const port = spare?.port ?? 0
    await spare?.stop()
    const file = join(folder, 'redis.conf')
    await writeFile(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, ...args].join('\n'))
    const sentinel = args.some((line) => line.startsWith('sentinel ')) ? ['--sentinel'] : []
    const child: ChildProcess = spawn('redis-server', [file, ...sentinel], { stdio: 'ignore' })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    stops.push(async () => {
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    })
    const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50 })
    client.on('error', () => undefined)
    await client.ping()
    client.disconnect()
    return port
  }

  it('over the master that sentinels name', async () => {
    const master = await startRedis()
    if (master) stops.push(() => master.stop())
    const sentry = await server([`sentinel monitor mymaster 127.0.0.1 ${master?.port} 1`])
    await expectCarried(`redis+sentinel://127.0.0.1:${sentry}/mymaster`)
  }, 90_000)

  it('over a Redis Cluster', async () => {
    const port = await server(['cluster-enabled yes', 'cluster-announce-ip 127.0.0.1'])
    const client = new Redis(port, '127.0.0.1')
    await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    await eventually(
      'the cluster to stand',
      async () => /cluster_state:ok/.test(String(await client.call('CLUSTER', 'INFO'))),
      {
        timeoutMs: 15_000,
      },
    )
    client.disconnect()
    await expectCarried(`redis+cluster://127.0.0.1:${port}`)
  }, 90_000)
})
