import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Runtime } from '../../actors/runtime.ts'
import type { TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'
import { backends } from '../support/redis.ts'
import { openBystander } from './bystander.ts'
import { startWorker, type Worker } from './processes.ts'

describe.each(await backends())('on $name, work that ends its worker', { timeout: 180_000 }, ({ redisUrl }) => {
  let database: TestDatabase
  let runtime: Runtime
  const workers: Worker[] = []

  beforeAll(async () => {
    ;({ database, runtime } = await openBystander(redisUrl))
  })
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.kill()))
    await runtime.stop()
    await database.drop()
  })

  async function start(): Promise<Worker> {
    const worker = await startWorker({ databaseUrl: database.url, redisUrl, leaseMs: 1_000 })
    workers.push(worker)
    return worker
  }

  it('is begun three times, then its actor hears that it failed; its neighbours, cut off as often, are done', async () => {
    const deadly = await runtime.spawn('killer', { key: 'deadly', input: { deadly: true } })
    const innocent = await Promise.all(
      ['a', 'b'].map((key) => runtime.spawn('killer', { key, input: { deadly: false } })),
    )
    for (let tries = 1; tries <= 3; tries++) {
      const victim = await start()
      expect(await victim.ended()).toBeNull()
      expect(victim.said.filter((one) => one['deadly'] === true)).toEqual([{ began: tries, deadly: true }])
      if (tries === 2) {
        const [row] = await runtime.sql`select interrupted from invocations where address = ${deadly}`
        expect(row).toEqual({ interrupted: 1 })
        expect((await runtime.snapshot(deadly)).waitingFor).toContain('work to finish (running, try 2, 1 cut off)')
      }
    }
    const survivor = await start()
    await eventually('its end', async () => (await runtime.snapshot(deadly)).value === 'failed', { timeoutMs: 40_000 })
    const { context } = await runtime.snapshot(deadly)
    expect(context).toMatchObject({ got: { code: 'invocation.interrupted', retryable: false } })
    for (const address of innocent)
      await eventually('its neighbour', async () => (await runtime.snapshot(address)).value === 'done', {
        timeoutMs: 40_000,
      })
    expect(survivor.said.some((one) => one['deadly'] === true)).toBe(false)
    const events: string[] = []
    for await (const { event } of runtime.history(deadly)) events.push(event.type)
    expect(events).toEqual(['xstate.init', 'xstate.error.actor.work'])
    await expectInvariants(runtime, database.url)
  })

  it('is not taken for one that was stopped in good order', async () => {
    await Promise.all(workers.map((worker) => worker.kill()))
    const job = await runtime.spawn('job', { key: 'ordered', input: { ms: 60_000 } })
    for (let tries = 1; tries <= 4; tries++) {
      const worker = await start()
      await eventually('it to begin', () => worker.said.some(({ began }) => began === tries), { timeoutMs: 40_000 })
      worker.signal('SIGTERM')
      expect(await worker.ended()).toBe(0)
    }
    const [row] = await runtime.sql`select interrupted from invocations where address = ${job}`
    expect(row).toEqual({ interrupted: 0 })
  })
})
