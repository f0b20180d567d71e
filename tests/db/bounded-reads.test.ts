import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COUNTED_MAIL, waitingFor } from '../../actors/present/waiting.ts'
import { connect, type Sql } from '../../db/client.ts'
import { findStateEntry } from '../../db/explain.ts'
import { countMail } from '../../db/mailbox.ts'
import { listMailAt } from '../../db/past.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const DAY = Date.UTC(2026, 0, 1)
/** The time of a revision: a second each. */
const at = (revision: number): Date => new Date(DAY + revision * 1_000)

describe('what is read of an actor with a long past', () => {
  let database: TestDatabase
  let sql: Sql
  beforeAll(async () => {
    database = await createTestDatabase()
    sql = connect(database.url, { max: 2 })
  })
  afterAll(async () => {
    await sql.end()
    await database.drop()
  })

  /** Enters `on` with its birth, and stays there; every message came when the one before was taken. */
  async function fill(address: string, revisions: number): Promise<void> {
    await sql`
      insert into history (address, revision, message_id, event, from_value, to_value, status, effects, handled, machine_hash, at, accepted_at)
      select ${address}, n, 'm' || n, '{"type":"TICK"}', case when n = 1 then null else '"on"'::json end, '"on"', 'active', '[]',
        true, 'h', ${at(0)}::timestamptz + n * interval '1 second', ${at(0)}::timestamptz + (n - 0.5) * interval '1 second'
      from generate_series(1, ${revisions}::int) n`
  }

  it('is when it entered its state, or the first of its last 5,000 messages where all left it there', async () => {
    await fill('counter/short', 5_000)
    expect(await findStateEntry(sql, 'counter/short')).toEqual(at(1))
    await fill('counter/long', 5_300)
    expect(await findStateEntry(sql, 'counter/long')).toEqual(at(301))
    await sql`update history set to_value = '"off"' where address = 'counter/long' and revision = 5200`
    expect(await findStateEntry(sql, 'counter/long')).toEqual(at(5_200))
    expect(await findStateEntry(sql, 'counter/none')).toBeUndefined()
    await sql`delete from history where address = 'counter/short' and revision = 1`
    expect(await findStateEntry(sql, 'counter/short')).toBeUndefined()
  })

  it('is the mail that waited at a revision and was taken within the next 10,000', async () => {
    await fill('counter/busy', 10_100)
    const early = at(49)
    await sql`
      update history set accepted_at = ${early}::timestamptz
      where address = 'counter/busy' and revision in (60, 10050, 10051)`
    const mail = await listMailAt(sql, 'counter/busy', 50)
    expect(mail?.map(({ takenAt }) => takenAt)).toEqual([60, 10_050])
    await sql`update history set accepted_at = null where address = 'counter/busy' and revision = 10100`
    expect(await listMailAt(sql, 'counter/busy', 50)).toHaveLength(2)
    expect(await listMailAt(sql, 'counter/busy', 200)).toBeUndefined()
  })

  it('is how many messages wait, counted as far as a mailbox takes them', async () => {
    await sql`
      insert into mailbox (address, message_id, lane, event)
      select 'counter/behind', n::text, 1, '{"type":"TICK"}' from generate_series(1, 700) n`
    expect(await countMail(sql, 'counter/behind', COUNTED_MAIL)).toBe(700)
    expect(await countMail(sql, 'counter/behind', 600)).toBe(600)
    expect(await countMail(sql, 'counter/none', COUNTED_MAIL)).toBe(0)
    const facts = { status: 'active', parkedReason: undefined, invocations: [], timers: [], nextEvents: [] }
    const said = (mail: number): string => waitingFor({ ...facts, mail }, new Date(DAY))
    expect(said(1)).toBe('1 message in its mailbox')
    expect(said(700)).toBe('700 messages in its mailbox')
    expect(said(COUNTED_MAIL)).toBe(`at least ${COUNTED_MAIL} messages in its mailbox`)
  })
})
