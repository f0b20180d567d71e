import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connect, type Sql } from '../../db/client.ts'
import { createEmptyDatabase, type TestDatabase } from '../support/database.ts'

let sql: Sql
let database: TestDatabase

beforeAll(async () => {
  database = await createEmptyDatabase()
  sql = connect(database.url)
})
afterAll(async () => {
  await sql.end()
  await database.drop()
})

const text = fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', ''))

it('gives PostgreSQL every text, and nothing, as it was', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(text)), async (values) => {
      const [row] = await sql<{ same: (string | null)[] }[]>`select ${values}::text[] as same`
      expect(row?.same).toEqual(values)
    }),
  )
})

it('gives PostgreSQL every whole number that a number can be, and those that are written as text', async () => {
  const whole = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(fc.oneof(whole, whole.map(String)))), async (values) => {
      const [row] = await sql<{ same: (string | null)[] }[]>`select ${values}::bigint[]::text[] as same`
      expect(row?.same).toEqual(values.map((value) => (value === null ? null : String(value))))
    }),
  )
})

it('gives PostgreSQL every moment that a Date can be and PostgreSQL holds, and every yes and no', async () => {
  const moment = fc.date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(moment)), fc.array(fc.option(fc.boolean())), async (moments, answers) => {
      const [row] = await sql<{ moments: (Date | null)[]; answers: (boolean | null)[] }[]>`
        select ${moments}::timestamptz[] as moments, ${answers}::bool[] as answers`
      expect(row).toEqual({ moments, answers })
    }),
  )
})

it('is refused a NUL character by PostgreSQL, as text would be', async () => {
  await expect(Promise.resolve(sql`select ${['a\0b']}::text[]`)).rejects.toMatchObject({ code: '22021' })
})
