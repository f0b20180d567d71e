import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { assign, createMachine } from 'xstate'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { createLog } from '../../core/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const counter = createMachine({
  context: { count: 0 },
  on: { ADD: { actions: assign({ count: ({ context }) => context.count + 1 }) } },
})

describe('a row of an actor that makes no sense', () => {
  let database: TestDatabase
  let runtime: Runtime
  let count = 0
  let address: string

  beforeAll(async () => {
    database = await createTestDatabase()
    runtime = await createRuntime({ databaseUrl: database.url, machines: { counter }, log: createLog('silent') })
    await runtime.start()
  })
  beforeEach(async () => {
    count += 1
    address = await runtime.spawn('counter', { key: `c${count}` })
    await runtime.send(address, { type: 'ADD' })
    await runtime.send(address, { type: 'ADD' })
    await runtime.settled(address)
  })
  afterAll(async () => {
    await runtime.stop()
    await database.drop()
  })

  const kept = async (): Promise<unknown> =>
    runtime.sql`
      select a.status, (select count(*)::int from mailbox m where m.address = a.address) as mail,
        (select count(*)::int from dead_letters d where d.address = a.address) as letters
      from actors a where address = ${address}`

  it.each([
    ['actors', 'revision = 0'],
    ['actors', "key = 'other'"],
    ['actors', "status = 'parked'"],
    ['history', 'revision = 0'],
  ])('is refused by the database: %s with %s', async (table, set) => {
    const sql = postgres(database.url, { max: 1 })
    const refusal = sql.unsafe(`update ${table} set ${set} where address = '${address}'`)
    await expect(refusal).rejects.toMatchObject({ code: '23514' })
    await sql.end()
  })

  it('is parked when it was set back to a revision that it had left; its mail waits, and others go on', async () => {
    await runtime.sql`update actors set revision = 1 where address = ${address}`
    await runtime.send(address, { type: 'ADD' })
    await expect(runtime.settled(address)).rejects.toMatchObject({ code: 'actor.parked' })
    expect((await runtime.snapshot(address)).waitingFor).toBe('parked: Revision 2 is in its history already')
    expect(await kept()).toEqual([{ status: 'parked', mail: 1, letters: 0 }])
    const other = await runtime.spawn('counter', { key: `other-${count}` })
    await runtime.send(other, { type: 'ADD' })
    expect((await runtime.snapshot(other)).context).toEqual({ count: 1 })
  })

  it('is parked when it stands at no revision, wherever such a row came from', async () => {
    await runtime.sql`alter table actors drop constraint actors_revision`
    await runtime.sql`update actors set revision = 0 where address = ${address}`
    await runtime.send(address, { type: 'ADD' })
    await expect(runtime.settled(address)).rejects.toMatchObject({ code: 'actor.parked' })
    expect((await runtime.snapshot(address)).waitingFor).toBe('parked: Its revision, 0, is none')
    expect(await kept()).toEqual([{ status: 'parked', mail: 1, letters: 0 }])
  })
})
