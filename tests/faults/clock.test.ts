import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { createDatabase, type Database } from '../../chaos/database.ts'
import { fakeClock, notHere } from '../../chaos/faults/clocks.ts'
import { createLog } from '../../core/log.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'
import { machines } from './programs/machines.ts'

const JUMP_MS = 30_000

/** A server of its own, under a clock that reads a file; its backends look once a second. */
describe.skipIf(notHere() !== undefined)('the clock of the database, when it jumps', { timeout: 120_000 }, () => {
  let folder: string
  let clock: Awaited<ReturnType<typeof fakeClock>>
  let database: Database
  let runtime: Runtime
  const began: object[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'troupe-clock-'))
    clock = await fakeClock(join(folder, 'offset'))
    database = await createDatabase(join(folder, 'data'), clock.env)
    runtime = await createRuntime({
      databaseUrl: database.url,
      machines: machines((what) => began.push(what)),
      leaseMs: 2_000,
      log: createLog('fatal'),
    })
    await runtime.start()
  }, 120_000)
  afterAll(async () => {
    await runtime.stop()
    await database.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const now = async (): Promise<number> => {
    const [row] = await database.ask<{ ms: number }>(
      'select extract(epoch from clock_timestamp())::float8 * 1000 as ms',
    )
    return row?.ms ?? 0
  }
  async function jump(seconds: number): Promise<void> {
    const before = await now()
    await clock.set(seconds)
    await eventually('the clock to jump', async () => Math.abs((await now()) - before) > JUMP_MS / 2, {
      timeoutMs: 20_000,
    })
  }

  it('back and forth, costs nothing: everything once and in order, no timer early, work done', async () => {
    const counter = await runtime.spawn('counter', { key: 'a' })
    const numbers = Array.from({ length: 40 }, (_, n) => n)
    const send = async (n: number): Promise<void> => {
      for (const _time of ['first', 'again']) await runtime.send(counter, { type: 'ADD', n }, { id: `m${n}` })
    }
    for (const n of numbers.slice(0, 10)) await send(n)
    const early = await runtime.spawn('egg', { key: 'early' })
    const job = await runtime.spawn('job', { key: 'long', input: { ms: 3_000 } })
    await eventually('it to begin', () => began.length > 0)

    await jump(-JUMP_MS / 1_000)
    for (const n of numbers.slice(10, 25)) await send(n)
    // Armed by the clock as it is now, and so due within its time.
    const late = await runtime.spawn('egg', { key: 'late' })
    await eventually('its delay to pass', async () => (await runtime.snapshot(late)).value === 'cooked')
    await eventually('the work to be done', async () => (await runtime.snapshot(job)).value === 'done')
    // While some backends have not seen the jump, a lease may look over to them: work begins anew then, and ends once.
    const outcomes: string[] = []
    for await (const { event } of runtime.history(job)) if (event.type.includes('.actor.')) outcomes.push(event.type)
    expect(outcomes).toEqual([expect.stringMatching(/^xstate\.done\.actor\./)])

    await jump(0)
    for (const n of numbers.slice(25)) await send(n)
    await eventually('the first delay to pass', async () => (await runtime.snapshot(early)).value === 'cooked')
    await runtime.settled(counter)
    expect(await runtime.snapshot(counter)).toMatchObject({ context: { count: 40, seen: numbers } })
    for (const egg of [early, late]) expect((await runtime.snapshot(egg)).revision).toBe(2)
    const tooEarly = await database.ask(
      `select address, at - accepted_at as by from history where message_id like 'timer:%' and at < accepted_at`,
    )
    expect(tooEarly).toEqual([])
    await expectInvariants(runtime, database.url)
  })
})
