import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPostgresAllowance, createRedisAllowance } from '../../actors/carriage/allowances.ts'
import type { Allowance } from '../../core/allowance.ts'
import { createLog } from '../../core/log.ts'
import { forgetAllowances } from '../../db/allowances.ts'
import { connect, type Sql } from '../../db/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { backends } from '../support/redis.ts'

/** One for as good as ever: what time gives back meanwhile is none. */
const RATE = { perSecond: 0.001, burst: 10 }

describe.each(await backends())('an allowance on $name', ({ redisUrl }) => {
  let database: TestDatabase
  let sql: Sql
  let processes: Allowance[]

  beforeAll(async () => {
    database = await createTestDatabase()
    sql = connect(database.url)
    processes = [1, 2].map(() =>
      redisUrl ? createRedisAllowance(redisUrl, '12345678', createLog('silent')) : createPostgresAllowance(sql),
    )
  })
  afterAll(async () => {
    await Promise.all(processes.map((one) => one.stop()))
    await sql.end()
    await database.drop()
  })

  async function spend(process: number, who: string, owed: number, wanted: number) {
    const [grant] = (await processes[process]?.spend(RATE, [{ who, owed, wanted }])) ?? []
    return grant
  }

  it('is one for all processes, granted as far as there is some', async () => {
    expect(await spend(0, 'a', 0, 7)).toEqual({ granted: 7, waitMs: 0 })
    expect(await spend(1, 'a', 0, 7)).toEqual({ granted: 3, waitMs: expect.any(Number) })
    const none = await spend(0, 'a', 0, 1)
    expect(none?.granted).toBe(0)
    expect(none?.waitMs).toBeGreaterThan(0)
    expect(none?.waitMs).toBeLessThanOrEqual(1_000_000)
  })

  it('counts what is owed in any case', async () => {
    expect((await spend(0, 'b', 12, 0))?.waitMs).toBeGreaterThan(2_000_000)
    expect((await spend(1, 'b', 1, 5))?.granted).toBe(0)
  })

  it('is granted to each for itself, whoever asks together, in the order of asking', async () => {
    const asks = ['z', 'c', 'm'].map((who, place) => ({ who, owed: 0, wanted: place + 1 }))
    expect((await processes[0]?.spend(RATE, asks))?.map(({ granted }) => granted)).toEqual([1, 2, 3])
  })

  it('is given out once, however many ask at the same time', async () => {
    const names = ['p', 'q', 'r']
    const grants = await Promise.all(
      Array.from({ length: 20 }).flatMap((_, n) =>
        processes.map((process) => {
          const inOrder = n % 3 === 0 ? names : names.toReversed()
          return process.spend(
            RATE,
            inOrder.map((who) => ({ who, owed: 0, wanted: 1 })),
          )
        }),
      ),
    )
    expect(grants.flat().reduce((sum, { granted }) => sum + granted, 0)).toBe(30)
  })

  it('comes back with time', async () => {
    const quick = { perSecond: 1_000, burst: 10 }
    const ask = async (): Promise<number> =>
      (await processes[0]?.spend(quick, [{ who: 'quick', owed: 0, wanted: 10 }]))?.[0]?.granted ?? 0
    expect(await ask()).toBe(10)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await ask()).toBe(10)
  })
})

it('is forgotten in PostgreSQL when nobody has used it for an hour, and is whole again', async () => {
  const database = await createTestDatabase()
  const sql = connect(database.url)
  const { spend } = createPostgresAllowance(sql)
  const asks = [{ who: 'old', owed: 0, wanted: 10 }]
  await spend(RATE, asks)
  await sql`update allowances set paid_ms = paid_ms - 24 * 3600000`
  await forgetAllowances(sql)
  expect(await sql`select who from allowances`).toEqual([])
  expect(await spend(RATE, asks)).toMatchObject([{ granted: 10 }])
  await sql.end()
  await database.drop()
})
