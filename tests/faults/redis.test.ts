import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { createLog } from '../../core/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { machines } from './programs/machines.ts'

const probe = await startRedis()
await probe?.stop()

describe.skipIf(!probe)('losing Redis loses no data:', () => {
  let database: TestDatabase
  let redis: TestRedis
  let runtime: Runtime
  let api: Runtime

  beforeAll(async () => {
    database = await createTestDatabase()
    redis = await launch()
    const options = {
      databaseUrl: database.url,
      redisUrl: redis.url,
      machines: machines(() => undefined),
      log: createLog('fatal'),
    }
    runtime = await createRuntime(options)
    api = await createRuntime({ ...options, roles: ['api'] })
    await Promise.all([runtime.start(), api.start()])
  })
  afterAll(async () => {
    await expectInvariants(runtime, database.url)
    await Promise.all([runtime.stop(), api.stop()])
    await redis.stop()
    await database.drop()
  })

  async function launch(port?: number): Promise<TestRedis> {
    const started = await startRedis(port === undefined ? {} : { port })
    if (!started) throw new Error('redis-server is gone')
    return started
  }

  /** Sends to many actors while `disturb` goes on, and waits until all of it is applied. */
  async function underLoad(
    key: string,
    messages: number,
    disturb: (sent: () => number) => Promise<void>,
  ): Promise<void> {
    const addresses = await runtime.spawnAll(
      'counter',
      Array.from({ length: 8 }, (_, n) => ({ key: `${key}-${n}` })),
    )
    let sent = 0
    const load = Promise.all(
      addresses.map(async (address) => {
        for (let n = 0; n < messages; n++) {
          await api.send(address, { type: 'ADD', n })
          sent++
        }
      }),
    )
    await disturb(() => sent)
    await load
    for (const address of addresses) {
      const seen = await eventually(
        `${address} to have applied all`,
        async () => {
          const { context } = await api.snapshot(address)
          return (context as { count: number }).count >= messages && (context as { seen: number[] }).seen
        },
        { timeoutMs: 10_000 },
      )
      expect(seen).toEqual(Array.from({ length: messages }, (_, n) => n))
    }
  }

  it('FLUSHALL under load', async () => {
    const client = new Redis(redis.url)
    await underLoad('flush', 60, async (sent) => {
      for (let flush = 1; flush <= 4; flush++) {
        await eventually('the load to flow', () => sent() >= flush * 100)
        await client.flushall()
      }
    })
    client.disconnect()
  })

  it('killed under load, and back empty on the same port', async () => {
    await underLoad('kill', 60, async (sent) => {
      await eventually('the load to flow', () => sent() > 100)
      await redis.stop()
      await eventually('it to flow on', () => sent() > 300)
      expect(await runtime.health()).toMatchObject({ postgres: true, queue: false })
      redis = await launch(redis.port)
    })
    await eventually('the carrier to be back', async () => (await runtime.health()).queue, { timeoutMs: 10_000 })
  })

  it('frozen: nobody who sends has to wait for it', async () => {
    await underLoad('freeze', 30, async (sent) => {
      await eventually('the load to flow', () => sent() > 50)
      process.kill(redis.pid, 'SIGSTOP')
      await eventually('it to flow on', () => sent() === 8 * 30)
      process.kill(redis.pid, 'SIGCONT')
    })
  })

  it('gone while a runtime stops: it stops all the same, within ten seconds', async () => {
    const third = await createRuntime({
      databaseUrl: database.url,
      redisUrl: redis.url,
      machines: machines(() => undefined),
      log: createLog('fatal'),
    })
    await third.start()
    process.kill(redis.pid, 'SIGSTOP')
    const startedAt = performance.now()
    await third.stop()
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    process.kill(redis.pid, 'SIGCONT')
  })
})
