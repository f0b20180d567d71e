import { describe, expect, it } from 'vitest'
import { type AnyStateMachine, createMachine } from 'xstate'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'

const old = createMachine({
  version: '1',
  initial: 'a',
  states: {
    a: { on: { GO: 'b', NEST: 'n' } },
    b: { on: { GO: 'c' } },
    c: { on: { BACK: 'a' } },
    n: { on: { GO: 'c' } },
  },
})
/** Without the state `b`. */
const without = createMachine({ version: '2', initial: 'a', states: { a: { on: { GO: 'c' } }, c: {}, n: {} } })
/** With `b` back, and `n` in two parts. */
const fixed = createMachine({
  version: '3',
  initial: 'a',
  states: {
    a: {},
    b: { on: { GO: 'c' } },
    c: { on: { BACK: 'a' } },
    n: { initial: 'x', states: { x: { after: { 10: 'y' } }, y: {} } },
  },
})

describe('an actor whose state its machine does not know any more', () => {
  async function withMachine<T>(
    databaseUrl: string,
    machine: AnyStateMachine,
    use: (runtime: Runtime) => Promise<T>,
  ): Promise<T> {
    const runtime = await createRuntime({ databaseUrl, machines: { thing: machine } })
    await runtime.start()
    try {
      return await use(runtime)
    } finally {
      await runtime.stop()
    }
  }

  it('is parked with the reason, its mail waits, and a machine that knows the state goes on with it', async () => {
    const database = await createTestDatabase()
    const address = 'thing/1'
    await withMachine(database.url, old, async (runtime) => {
      await runtime.spawn('thing', { key: '1' })
      await runtime.send(address, { type: 'GO' })
      await runtime.settled(address)
    })
    await withMachine(database.url, without, async (runtime) => {
      expect(await runtime.snapshot(address)).toMatchObject({ status: 'active', value: 'b', nextEvents: [] })
      await runtime.send(address, { type: 'GO' })
      await expect(runtime.settled(address)).rejects.toMatchObject({ code: 'actor.parked' })
      const { status, waitingFor, revision } = await runtime.snapshot(address)
      expect({ status, revision }).toEqual({ status: 'parked', revision: 2 })
      expect(waitingFor).toMatch(
        /^parked: State "b" does not exist in version 2 of machine "thing": State 'b' does not exist/,
      )
      await runtime.send(address, { type: 'BACK' })
    })
    await withMachine(database.url, fixed, async (runtime) => {
      await eventually('the waiting mail to be applied', async () => (await runtime.snapshot(address)).revision === 4)
      expect(await runtime.snapshot(address)).toMatchObject({ status: 'active', value: 'a', machine: { version: '3' } })
      await expectInvariants(runtime, database.url)
    })
    await database.drop()
  })

  it('is parked too when the state has grown parts that it never entered', async () => {
    const database = await createTestDatabase()
    const address = 'thing/1'
    await withMachine(database.url, old, async (runtime) => {
      await runtime.spawn('thing', { key: '1' })
      await runtime.send(address, { type: 'NEST' })
      await runtime.settled(address)
    })
    await withMachine(database.url, fixed, async (runtime) => {
      await runtime.send(address, { type: 'GO' })
      await expect(runtime.settled(address)).rejects.toMatchObject({ code: 'actor.parked' })
      expect((await runtime.snapshot(address)).waitingFor).toMatch(/no whole state in version 3.*\{"n":"x"\}/)
    })
    await database.drop()
  })

  it('goes on under a machine that changed elsewhere', async () => {
    const database = await createTestDatabase()
    await withMachine(database.url, old, (runtime) => runtime.spawn('thing', { key: '1' }))
    await withMachine(database.url, fixed, async (runtime) => {
      await runtime.send('thing/1', { type: 'GO' })
      await runtime.settled('thing/1')
      expect(await runtime.snapshot('thing/1')).toMatchObject({ status: 'active', value: 'a', revision: 2 })
      expect(await runtime.replay('thing/1')).toMatchObject({ equal: true, otherDefinitions: 1 })
    })
    await database.drop()
  })
})
