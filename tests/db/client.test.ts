import { type AddressInfo, connect as connectTo, createServer } from 'node:net'
import fc from 'fast-check'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../../core/errors.ts'
import { answer, connect, isConflict, isRefusedValue, type Sql } from '../../db/client.ts'
import { createEmptyDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

let database: TestDatabase
let sql: Sql

beforeAll(async () => {
  database = await createEmptyDatabase()
  sql = connect(database.url, { name: 'client-test' })
})
afterAll(async () => {
  await sql.end({ timeout: 1 })
  await database.drop()
})

describe('a value', () => {
  it('in an array arrives as it is, whatever characters it holds', async () => {
    const text = fc.string({ unit: 'grapheme' }).map((s) => s.replaceAll('\0', ''))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text)), async (values) => {
        const [row] = await sql`select to_json(${values}::text[]) as back`
        expect(row?.['back']).toEqual(values)
      }),
      { numRuns: 50 },
    )
  })

  it('of every kind of array that we use is understood', async () => {
    const [row] = await sql`
      select to_json(${[1, null]}::smallint[]) as small, to_json(${[2 ** 40]}::bigint[]) as big, to_json(${[0.5]}::float8[]) as float,
        to_json(${[3]}::int[]) as int`
    expect(row).toEqual({ small: [1, null], big: [2 ** 40], float: [0.5], int: [3] })
  })
})

it('takes a full or failing disk, and a server that only reads, for "not now"', async () => {
  await sql`
    create function fail(code text) returns void language plpgsql
    as $$ begin raise exception 'not now' using errcode = code; end $$`
  for (const code of ['53100', '58030', '25006']) {
    const failing = answer(sql`select fail(${code})`)
    await expect(failing).rejects.toMatchObject({ code: 'database.unavailable', details: { code } })
  }
})

describe('a pool whose connections are cut, at whatever moment,', () => {
  it('never keeps anybody waiting for long, mixes no answers up, and leaves no failure unhandled', async () => {
    const knife = postgres(database.url, { max: 1 })
    let slowestMs = 0
    const codes = new Set<string>()
    const ask = async (_: unknown, n: number): Promise<void> => {
      const startedAt = performance.now()
      await answer(sql<{ n: number }[]>`select ${n}::int as n, pg_sleep(0.002)`).then(
        ([row]) => expect(row?.n).toBe(n),
        (error: unknown) => codes.add(error instanceof AppError ? error.code : String(error)),
      )
      slowestMs = Math.max(slowestMs, performance.now() - startedAt)
    }
    for (let round = 0; round < 150; round++) {
      const asked = Promise.all(Array.from({ length: 12 }, ask))
      await new Promise((resolve) => setTimeout(resolve, round % 12))
      await knife`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'client-test'`
      await asked
    }
    await knife.end()
    expect([...codes]).toEqual(['database.unavailable'])
    expect(slowestMs).toBeLessThan(4_000)
  }, 120_000)
})

describe('a server that takes statements and never answers', () => {
  it('is given up, and asked again over a new connection', async () => {
    let deaf = true
    const { port, hostname } = new URL(database.url)
    const proxy = createServer((client) => {
      const server = connectTo(Number(port), hostname)
      client.on('data', (bytes) => void (deaf && bytes.includes('never answered') ? undefined : server.write(bytes)))
      server.pipe(client)
      for (const end of [client, server])
        end.on('error', () => undefined).on('close', () => [client, server].map((one) => one.destroy()))
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const url = new URL(database.url)
    url.port = String((proxy.address() as AddressInfo).port)
    const pool = connect(url.href, { max: 1 })
    const ask = () => answer(pool`select 'never answered' as text`)
    await expect(ask()).rejects.toMatchObject({ code: 'database.unavailable' })
    deaf = false
    expect(await eventually('a new connection', ask)).toEqual([{ text: 'never answered' }])
    await pool.end({ timeout: 1 })
    proxy.close()
  }, 30_000)
})

describe('a failure', () => {
  it('is told apart: not now, not with this value, not beside the other', async () => {
    const refused = await answer(sql`select ${'x'}::text::int`).catch((error: unknown) => error)
    expect(isRefusedValue(refused)).toBe(true)
    const elsewhere = connect('postgres://nobody@127.0.0.1:1/nothing')
    await expect(answer(elsewhere`select 1`)).rejects.toMatchObject({ code: 'database.unavailable', retryable: true })
    await elsewhere.end({ timeout: 1 })
    const conflict = new AppError('database.unavailable', 'deadlock', { details: { code: '40P01' } })
    expect([conflict, refused].map(isConflict)).toEqual([true, false])
  })
})
