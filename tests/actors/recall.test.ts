import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assign, createMachine } from 'xstate'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { backends } from '../support/redis.ts'
import { on, openRuntime } from './open.ts'

/** Takes what comes in the order in which it comes, and GO only while it is open. */
const clerk = createMachine({
  initial: 'open',
  context: { seen: [] as string[] },
  on: { '*': { actions: assign({ seen: ({ context, event }) => [...context.seen, event.type] }) } },
  states: { open: { on: { CLOSE: 'closed' } }, closed: { on: { GO: undefined, OPEN: 'open' } } },
})

describe.each(await backends())('an actor that several workers move, on $name', ({ redisUrl }) => {
  const machines = { clerk }
  const open = openRuntime({ ...on(redisUrl), machines })
  let other: Runtime

  beforeAll(async () => {
    other = await createRuntime({ ...on(redisUrl), databaseUrl: open.databaseUrl, machines })
    await other.start()
  })
  afterAll(() => other.stop())

  it('goes on from where the other one left it, whoever is asked', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 2, maxLength: 12 }), async (turns) => {
        run += 1
        const address = await open.runtime.spawn('clerk', { key: `both-${run}` })
        const types = turns.map((_, place) => `E${place}`)
        for (const [place, mine] of turns.entries())
          await (mine ? open.runtime : other).ask(address, { type: `E${place}` })
        expect(await open.runtime.snapshot(address)).toMatchObject({ context: { seen: types } })
      }),
      { numRuns: 15 },
    )
  })

  it('applies an id once, though the worker that is asked did not see the first one', async () => {
    const address = await open.runtime.spawn('clerk', { key: 'once' })
    await open.runtime.ask(address, { type: 'ONE' }, { id: 'order-1' })
    const again = { duplicate: true, revision: 2 }
    expect(await other.ask(address, { type: 'ONE' }, { id: 'order-1' })).toMatchObject(again)
    await open.runtime.ask(address, { type: 'TWO' }, { id: 'order-2' })
    // This worker has it in mind now; the id is older.
    expect(await open.runtime.ask(address, { type: 'ONE' }, { id: 'order-1' })).toMatchObject(again)
    expect(await other.snapshot(address)).toMatchObject({ context: { seen: ['ONE', 'TWO'] } })
  })

  it('is judged by what it is, not by what was known of it', async () => {
    const address = await open.runtime.spawn('clerk', { key: 'judged' })
    await open.runtime.ask(address, { type: 'CLOSE' })
    await other.ask(address, { type: 'OPEN' })
    const demand = { revision: 3 }
    await expect(open.runtime.ask(address, { type: 'NEXT' }, { demand })).resolves.toMatchObject({ revision: 4 })
    await other.ask(address, { type: 'MORE' })
    await expect(open.runtime.ask(address, { type: 'LATE' }, { demand: { revision: 4 } })).rejects.toMatchObject({
      code: 'request.precondition_failed',
      details: { revision: 5 },
    })
  })

  it('tells nobody that it has a message which it refused, however often that comes at once', async () => {
    const address = await open.runtime.spawn('clerk', { key: 'twice' })
    const send = (revision: number) =>
      open.runtime.send(address, { type: 'ONE' }, { id: 'order-9', demand: { revision } })
    const told = await Promise.allSettled([send(9), send(9), send(1), send(1)])
    const refused = { status: 'rejected', reason: { code: 'request.precondition_failed' } }
    const taken = (duplicate: boolean) => ({ status: 'fulfilled', value: { duplicate } })
    expect(told).toMatchObject([refused, refused, taken(false), taken(true)])
    expect(await open.runtime.snapshot(address)).toMatchObject({ revision: 2, context: { seen: ['ONE'] } })
  })

  it('takes the mail that waits before a message that comes later', async () => {
    const api = await createRuntime({ ...on(redisUrl), databaseUrl: open.databaseUrl, machines, roles: ['api'] })
    const address = await open.runtime.spawn('clerk', { key: 'order' })
    await open.runtime.ask(address, { type: 'FIRST' })
    for (let n = 0; n < 10; n += 1) {
      await api.send(address, { type: `MAIL-${n}` })
      await open.runtime.ask(address, { type: `HAND-${n}` })
    }
    const seen = Array.from({ length: 10 }, (_, n) => [`MAIL-${n}`, `HAND-${n}`]).flat()
    expect(await api.snapshot(address)).toMatchObject({ context: { seen: ['FIRST', ...seen] } })
    await api.stop()
  })

  it('is what its row says, though nobody told the worker that has it in mind', async () => {
    const address = await open.runtime.spawn('clerk', { key: 'edited' })
    await open.runtime.ask(address, { type: 'CLOSE' })
    const reason = { message: 'by hand', hash: 'none' }
    await open.runtime
      .sql`update actors set status = 'parked', parked = ${JSON.stringify(reason)}::json where address = ${address}`
    await expect(open.runtime.ask(address, { type: 'OPEN' }, { demand: { handled: true } })).rejects.toMatchObject({
      code: 'actor.parked',
    })
    await open.runtime.sql`update actors set status = 'active', parked = null where address = ${address}`
    await open.runtime.ask(address, { type: 'OPEN' })
    expect(await open.runtime.snapshot(address)).toMatchObject({ value: 'open', revision: 3 })
  })
})
