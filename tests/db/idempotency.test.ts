import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, type Sql } from '../../db/client.ts'
import { abandonRequest, beginRequest, finishRequest } from '../../db/idempotency.ts'
import { removeRequests } from '../../db/retention.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let sql: Sql
beforeAll(async () => {
  database = await createTestDatabase()
  sql = connect(database.url)
})
afterAll(async () => {
  await sql.end()
  await database.drop()
})

const DAY = 86_400_000
const stored = { status: 201, headers: { etag: '"1"' }, body: '{"a":"ä\\u0000"}' }
const begin = (key: string, hash = 'h', team = 't') => beginRequest(sql, team, key, 'POST /v1/x', hash)

it('lets exactly one of many at once begin', async () => {
  const begun = await Promise.all(Array.from({ length: 12 }, () => begin('k1')))
  expect(begun.filter(({ state }) => state === 'new')).toHaveLength(1)
  expect(begun.filter(({ state }) => state === 'running')).toHaveLength(11)
})

it('gives the answer back, byte for byte, to the same body only', async () => {
  await begin('k2')
  await finishRequest(sql, 't', 'k2', 'POST /v1/x', stored)
  expect(await begin('k2')).toEqual({ state: 'finished', answer: stored })
  await expect(begin('k2', 'other')).rejects.toMatchObject({ code: 'idempotency.body_differs' })
})

it('keeps teams and requests apart', async () => {
  await begin('k3')
  expect(await begin('k3', 'h', 'other team')).toEqual({ state: 'new' })
  expect(await beginRequest(sql, 't', 'k3', 'POST /v1/y', 'h')).toEqual({ state: 'new' })
})

it('lets an abandoned key begin again, but not one that was finished', async () => {
  await begin('k4')
  await abandonRequest(sql, 't', 'k4', 'POST /v1/x')
  expect(await begin('k4')).toEqual({ state: 'new' })
  await finishRequest(sql, 't', 'k4', 'POST /v1/x', stored)
  await abandonRequest(sql, 't', 'k4', 'POST /v1/x')
  expect(await begin('k4')).toMatchObject({ state: 'finished' })
})

it('gives the claim of a process that is gone to one of those who come after a minute', async () => {
  await begin('k5')
  await sql`update idempotency_keys set created_at = created_at - interval '61 seconds' where key = 'k5'`
  const begun = await Promise.all(Array.from({ length: 6 }, () => begin('k5')))
  expect(begun.filter(({ state }) => state === 'new')).toHaveLength(1)
})

it('forgets after a day', async () => {
  await begin('k6')
  await finishRequest(sql, 't', 'k6', 'POST /v1/x', stored)
  await removeRequests(sql, DAY, 10)
  expect(await begin('k6')).toMatchObject({ state: 'finished' })
  await sql`update idempotency_keys set created_at = created_at - interval '25 hours' where key = 'k6'`
  await removeRequests(sql, DAY, 10)
  expect(await begin('k6')).toEqual({ state: 'new' })
})
