import { setTimeout as pause } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freePort, type Program, startMain } from '../scenarios/programs.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const SECOND = 1_000

/** One event a slot, whoever dies and however many there are: seen in the log, by real processes. */
describe('a schedule of every second', { timeout: 180_000 }, () => {
  let database: TestDatabase
  let sql: postgres.Sql
  let programs: Program[] = []

  beforeAll(async () => {
    database = await createTestDatabase()
    sql = postgres(database.url, { max: 2, onnotice: () => undefined })
  })
  afterEach(async () => {
    await Promise.all(programs.map((program) => program.kill()))
    programs = []
  })
  afterAll(async () => {
    await sql.end({ timeout: 1 })
    await database.drop()
  })

  async function start(): Promise<Program> {
    const program = await startMain({ PORT: String(await freePort()), DATABASE_URL: database.url, REDIS_URL: '' })
    programs.push(program)
    return program
  }
  async function post(program: Program, path: string, body: object = {}): Promise<void> {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${program.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  }
  const schedule = (id: string): object => ({ id, cron: '* * * * * *', catchUp: 'all', maxDelayMs: 2 * 3_600 * SECOND })

  async function slotsOf(id: string): Promise<number[]> {
    const rows = await sql<{ slot: string }[]>`
      select data -> 'schedule' ->> 'slot' as slot from event_log where type = ${`schedule.${id}.fired`}`
    return rows.map(({ slot }) => Date.parse(slot)).toSorted((a, b) => a - b)
  }
  /** Waits until a slot after `instant` was sent. */
  const sentAfter = (id: string, instant: number): Promise<number[]> =>
    eventually(
      `${id} to have sent what was due`,
      async () => {
        const slots = await slotsOf(id)
        return (slots.at(-1) ?? 0) > instant && slots
      },
      { timeoutMs: 60_000 },
    )

  /** Every second from the first to the last, none twice. */
  function expectEverySlot(slots: readonly number[]): void {
    const [first = 0] = slots
    expect(slots).toEqual(slots.map((_, n) => first + n * SECOND))
  }

  it('sends one event a slot when its only process is killed over and over', async () => {
    let program = await start()
    await post(program, '/v1/schedules', schedule('killed'))
    for (const part of [0, 0.3, 0.6, 0.9]) {
      await sentAfter('killed', Date.now())
      // At different parts of a second: before the slot, in its turn, after its commit.
      await pause(SECOND - (Date.now() % SECOND) + part * 20)
      await program.kill()
      programs = []
      program = await start()
    }
    const slots = await sentAfter('killed', Date.now())
    expect(slots.length).toBeGreaterThan(4)
    expectEverySlot(slots)
  })

  it('sends one event a slot when two processes wait for it, and when one of them dies', async () => {
    const [first, second] = [await start(), await start()]
    await post(second, '/v1/schedules', schedule('shared'))
    await sentAfter('shared', Date.now() + 3 * SECOND)
    await first.kill()
    programs = [second]
    const slots = await sentAfter('shared', Date.now() + 2 * SECOND)
    expect(slots.length).toBeGreaterThan(5)
    expectEverySlot(slots)
  })
})
