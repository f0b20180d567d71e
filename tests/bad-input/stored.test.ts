import postgres from 'postgres'
import { describe, expect, it } from 'vitest'
import { setup } from 'xstate'
import { createRuntime } from '../../actors/runtime.ts'
import { AppError } from '../../core/errors.ts'
import { createLog } from '../../core/log.ts'
import { createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { type Damage, damages } from './corpus/stored.ts'

const thing = setup({ types: { context: {} as { n: number } } }).createMachine({
  id: 'thing',
  version: '1',
  initial: 'a',
  context: { n: 0 },
  states: { a: { on: { GO: 'b' } }, b: { on: { GO: 'a' } } },
})

const log = createLog('silent')
const JSONS = new Set(['snapshot', 'value', 'parked'])

describe('rows that somebody tampered with', () => {
  it('park their actor with the reason, or do no harm, and hold up nobody else', { timeout: 300_000 }, async () => {
    const database = await createTestDatabase()
    const sql = postgres(database.url, { max: 2, onnotice: () => undefined })
    const runtime = await createRuntime({ databaseUrl: database.url, machines: { thing }, log })
    await runtime.start()
    try {
      const items = damages()
      const keyOf = (_: Damage, at: number): string => `d${at}`
      await Promise.all(items.map(async (item, at) => runtime.spawn('thing', { key: keyOf(item, at) })))
      await runtime.spawn('thing', { key: 'healthy' })
      for (const type of ['GO', 'GO']) {
        for (const at of items.keys()) await runtime.send(`thing/d${at}`, { type })
      }
      for (const at of items.keys()) await runtime.settled(`thing/d${at}`)
      await runtime.stop()
      for (const [at, { column, value }] of items.entries()) {
        const written = JSONS.has(column) ? sql`${String(value)}::text::json` : sql`${value}`
        // What the database itself refuses does no harm.
        await sql`update actors set ${sql(column)} = ${written} where address = ${`thing/d${at}`}`.catch(
          (error: unknown) => {
            if (!(error instanceof postgres.PostgresError) || error.code !== '23514') throw error
          },
        )
      }
      const again = await createRuntime({ databaseUrl: database.url, machines: { thing }, log })
      await again.start()
      try {
        const addresses = [...items.map((item, at) => `thing/${keyOf(item, at)}`), 'thing/healthy']
        const refusals: string[] = []
        for (const address of addresses)
          await again
            .send(address, { type: 'GO' })
            .catch((error: unknown) => error instanceof AppError || refusals.push(`${address}: ${String(error)}`))
        await again.settled('thing/healthy')
        const told = await eventually(
          'every actor to have gone on or to be parked',
          async () => {
            const rows = await sql<Row[]>`
              select address, status, parked,
                (select count(*) from mailbox where mailbox.address = actors.address) as waiting,
                (select count(*) from dead_letters where dead_letters.address = actors.address) as dead
              from actors order by address`
            const stuck = rows.filter(
              (row) => becomeOf(row) === 'waiting' && !itemOf(items, row)?.becomes.includes('waiting'),
            )
            if (stuck.length > 0)
              throw new Error(stuck.map((row) => itemOf(items, row)?.name ?? row.address).join('; '))
            return rows
          },
          { timeoutMs: 30_000 },
        )
        const silent = told.filter(({ status, parked }) => status === 'parked' && !/\w{4}/.test(JSON.stringify(parked)))
        expect(silent).toEqual([])
        expect(refusals).toEqual([])
        const wrong = told.flatMap((row) => {
          const item = itemOf(items, row)
          return !item || item.becomes.includes(becomeOf(row)) ? [] : [`${item.name} became ${becomeOf(row)}`]
        })
        expect(wrong).toEqual([])
        expect(told.find(({ address }) => address === 'thing/healthy')).toMatchObject({ status: 'active', dead: '0' })
      } finally {
        await again.stop()
      }
    } finally {
      await sql.end()
      await database.drop()
    }
  })
})

interface Row {
  address: string
  status: string
  parked: unknown
  waiting: string
  dead: string
}

function itemOf(items: readonly Damage[], { address }: Row): Damage | undefined {
  return items[Number(address.slice('thing/d'.length))]
}

function becomeOf({ status, waiting, dead }: Row): string {
  if (status !== 'active') return status
  return waiting === '0' ? (dead === '0' ? 'active' : 'dead letter') : 'waiting'
}
