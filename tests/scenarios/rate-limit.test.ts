import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startRedis } from '../support/redis.ts'
import { freePort, type Program, startMain } from './programs.ts'

const KEY = `trp_${'r'.repeat(40)}`
const PER_SECOND = 20
const PROCESSES = 2
/** What each process may have in hand and owe, beyond the limit. */
const SLACK = PROCESSES * 2 * Math.max(1, PER_SECOND / 10)

const redis = await startRedis()
afterAll(() => redis?.stop())

const stores = [
  { name: 'PostgreSQL', env: {} as Record<string, string> },
  ...(redis ? [{ name: 'Redis', env: { REDIS_URL: redis.url } }] : []),
]

describe.each(stores)('two api processes that count in $name', { timeout: 120_000 }, ({ env }) => {
  let database: TestDatabase
  let processes: Program[] = []

  beforeAll(async () => {
    database = await createTestDatabase()
    const start = async (): Promise<Program> =>
      startMain({
        ...env,
        DATABASE_URL: database.url,
        TROUPE_ROLES: 'api',
        TROUPE_API_KEY: KEY,
        TROUPE_RATE_LIMIT: String(PER_SECOND),
        PORT: String(await freePort()),
      })
    processes = [await start(), await start()]
  }, 120_000)
  afterAll(async () => {
    await Promise.all(processes.map((one) => one.kill()))
    await database.drop()
  })

  async function ask({ url }: Program): Promise<Response> {
    const response = await fetch(`${url}/v1/machines`, { headers: { authorization: `Bearer ${KEY}` } })
    await response.arrayBuffer()
    return response
  }

  /** So many requests at once at each process: how many passed, and what else was answered. */
  async function storm(each: number): Promise<{ passed: number; refused: Response[]; others: number }> {
    const answers = (
      await Promise.all(processes.map((one) => Promise.all(Array.from({ length: each }, () => ask(one)))))
    ).flat()
    const passed = answers.filter(({ status }) => status === 200).length
    const refused = answers.filter(({ status }) => status === 429)
    return { passed, refused, others: answers.length - passed - refused.length }
  }

  it('let one key together do no more than its limit, and no less', async () => {
    const from = performance.now()
    const first = await storm(5 * PER_SECOND)
    const second = await storm(PER_SECOND)
    const seconds = (performance.now() - from) / 1000
    const passed = first.passed + second.passed
    expect(first.others + second.others).toBe(0)
    expect(passed).toBeLessThanOrEqual((5 + seconds) * PER_SECOND + SLACK)
    // What one process had in hand when the other could have used it.
    expect(first.passed).toBeGreaterThanOrEqual(5 * PER_SECOND - SLACK)
    for (const { headers } of first.refused) expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  })
})
