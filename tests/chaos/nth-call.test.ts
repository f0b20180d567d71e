import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { createProxy, type Proxy, type Verdict } from '../../chaos/proxy.ts'
import { createStatementReader } from '../../chaos/statements.ts'
import { createLog } from '../../core/log.ts'
import { machines } from '../faults/programs/machines.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'

/** Each statement of a short life once: births, messages between actors, work, each with a failure just there. */
describe('whichever statement it is that fails', () => {
  let database: TestDatabase
  let proxy: Proxy
  let runtime: Runtime
  let lives = 0

  beforeAll(async () => {
    database = await createTestDatabase()
    const port = Number(new URL(database.url).port)
    proxy = await createProxy({ target: () => port, reader: createStatementReader, chance: Math.random })
    const url = new URL(database.url)
    url.port = String(proxy.port)
    runtime = await createRuntime({
      databaseUrl: url.href,
      machines: machines(() => undefined),
      log: createLog('silent'),
    })
    await runtime.start()
    await live()
  })
  afterAll(async () => {
    proxy.intercept(undefined)
    await expectInvariants(runtime, database.url)
    await runtime.stop()
    await proxy.stop()
    await database.drop()
  })

  /** As a careful sender does: the same again, under the same id, until it is known. */
  function insist<T>(what: string, ask: () => Promise<T>): Promise<{ got: T }> {
    return eventually(what, async () => ({ got: await ask() }), { timeoutMs: 30_000 })
  }

  async function live(): Promise<void> {
    const key = `life-${lives++}`
    const { got } = await insist('the births', () =>
      runtime.spawnAll('counter', [{ key: `${key}-a` }, { key: `${key}-b` }]),
    )
    const [from = '', to = ''] = got
    const { got: job } = await insist('the work', () => runtime.spawn('job', { key, input: { ms: 1 } }))
    await insist('the message', () => runtime.send(from, { type: 'PASS', n: 1, to }, { id: 'one' }))
    await eventually(
      'everything to be done once',
      async () => {
        expect((await runtime.snapshot(from)).context).toMatchObject({ count: 1 })
        expect((await runtime.snapshot(to)).context).toEqual({ count: 1, seen: [1] })
        expect((await runtime.snapshot(job)).value).toBe('done')
        return true
      },
      { timeoutMs: 30_000 },
    )
  }

  async function statementsOfALife(): Promise<number> {
    let count = 0
    proxy.intercept(() => {
      count += 1
      return 'pass'
    })
    await live()
    proxy.intercept(undefined)
    return count
  }

  it.each<[Verdict, string]>([
    ['refuse', 'before it is sent'],
    ['cut', 'after it was carried out, before its reply'],
  ])(
    '%s: %s',
    async (verdict) => {
      const statements = await statementsOfALife()
      expect(statements).toBeGreaterThan(5)
      let struck = 0
      for (let nth = 1; nth <= statements; nth++) {
        let left = nth
        proxy.intercept(() => {
          left -= 1
          if (left !== 0) return 'pass'
          struck += 1
          return verdict
        })
        await live()
        proxy.intercept(undefined)
      }
      expect(struck).toBeGreaterThan(statements / 2)
    },
    240_000,
  )
})
