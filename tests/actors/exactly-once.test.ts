import fc from 'fast-check'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { createLog } from '../../core/log.ts'
import { machines } from '../faults/programs/machines.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'
import { backends } from '../support/redis.ts'
import { on } from './open.ts'

/** What one careful sender does: its messages in order, some of them several times, each until it is accepted. */
const sender = fc.array(fc.record({ repeat: fc.integer({ min: 1, max: 3 }), pass: fc.boolean() }), {
  minLength: 1,
  maxLength: 25,
})
const run = fc.record({
  senders: fc.array(sender, { minLength: 1, maxLength: 5 }),
  actors: fc.integer({ min: 1, max: 3 }),
  /** Connections that are cut while it goes on: commits fail, or succeed without an answer. */
  cuts: fc.integer({ min: 0, max: 3 }),
})

describe.each(await backends())('two workers on one database, on $name,', ({ redisUrl }) => {
  let database: TestDatabase
  let runtimes: Runtime[]
  let knife: postgres.Sql
  let runs = 0

  beforeAll(async () => {
    database = await createTestDatabase()
    knife = postgres(database.url, { max: 1 })
    const options = {
      ...on(redisUrl),
      databaseUrl: database.url,
      machines: machines(() => undefined),
      log: createLog('fatal'),
    }
    runtimes = [await createRuntime(options), await createRuntime(options)]
    await Promise.all(runtimes.map((runtime) => runtime.start()))
  })
  afterAll(async () => {
    await Promise.all(runtimes.map((runtime) => runtime.stop()))
    await knife.end()
    await database.drop()
  })

  const cut = () => knife`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'troupe' and pid <> pg_backend_pid()`

  /** A connection that was cut makes the call that used it fail, with a failure that passes. */
  const again = <T extends object>(ask: () => Promise<T>): Promise<T> => eventually('an answer', ask)
  const look = (runtime: Runtime, address: string) =>
    again(async () => (await runtime.snapshot(address)).context as { count: number; seen: number[] })

  it('apply every message once and keep the order of each sender, whatever is repeated, reordered or cut', async () => {
    await fc.assert(
      fc.asyncProperty(run, async ({ senders, actors, cuts }) => {
        const name = `r${runs++}`
        const [one, two] = runtimes as [Runtime, Runtime]
        const births = Array.from({ length: actors }, (_, n) => ({ key: `${name}-${n}` }))
        const addresses = await again(() => one.spawnAll('counter', births))
        const [sink = ''] = await again(() => one.spawnAll('counter', [{ key: `${name}-sink` }]))
        const sending = senders.map(async (messages, s) => {
          for (const [m, { repeat, pass }] of messages.entries()) {
            const to = addresses[(s + m) % actors] ?? ''
            const event = { type: pass ? 'PASS' : 'ADD', n: s * 1_000 + m, to: sink }
            const send = (by: Runtime) =>
              eventually('it to be accepted', () => by.send(to, event, { id: `${s}:${m}` }), { timeoutMs: 15_000 })
            await Promise.all(Array.from({ length: repeat }, (_, n) => send(n % 2 === 0 ? one : two)))
          }
        })
        for (let n = 0; n < cuts; n++) await cut()
        await Promise.all(sending)
        const sent = senders.flat()
        const total = async (): Promise<number> => {
          const found = await Promise.all(addresses.map((address) => look(one, address)))
          return found.reduce((sum, { count }) => sum + count, 0)
        }
        await eventually('all to be applied', async () => (await total()) >= sent.length, { timeoutMs: 15_000 })
        const passed = sent.filter(({ pass }) => pass).length
        await eventually('what was passed on', async () => (await look(one, sink)).count >= passed, {
          timeoutMs: 15_000,
        })
        await Promise.all([...addresses, sink].map((address) => one.settled(address)))
        expect({ total: await total(), passed: (await look(one, sink)).count }).toEqual({ total: sent.length, passed })
        for (const address of addresses) {
          const { seen } = await look(two, address)
          expect(new Set(seen).size).toBe(seen.length)
          for (const [s] of senders.entries()) {
            const own = seen.filter((n) => Math.floor(n / 1_000) === s)
            expect(own).toEqual([...own].sort((a, b) => a - b))
          }
        }
      }),
      { numRuns: 8, endOnFailure: true },
    )
    await expectInvariants(runtimes[0] as Runtime, database.url)
  }, 90_000)
})
