import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assign, createMachine } from 'xstate'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { expectInvariants } from '../support/invariants.ts'

/** Counts, and has a guard that throws. */
const counter = createMachine({
  context: { count: 0 },
  on: {
    ADD: { actions: assign({ count: ({ context }) => context.count + 1 }) },
    BOOM: {
      guard: () => {
        throw new Error('boom')
      },
    },
  },
})
const handled = { demand: { handled: true } }

describe('a message that must be handled, and on which the machine throws', () => {
  let database: TestDatabase
  let door: Runtime
  let worker: Runtime

  beforeAll(async () => {
    database = await createTestDatabase()
    const options = { databaseUrl: database.url, machines: { counter } }
    door = await createRuntime({ ...options, roles: ['api'] })
    worker = await createRuntime({ ...options, roles: ['worker'] })
    await door.start()
  })
  afterAll(async () => {
    await expectInvariants(door, database.url)
    await door.stop()
    await worker.stop()
    await database.drop()
  })

  it('is refused alone by a process that only takes mail in; those that came with it are kept', async () => {
    const [a = '', b = ''] = await door.spawnAll('counter', [{ key: 'a' }, { key: 'b' }])
    const sent = await Promise.allSettled([
      ...Array.from({ length: 10 }, () => door.send(a, { type: 'ADD' }, handled)),
      door.send(a, { type: 'BOOM' }, handled),
      door.send(b, { type: 'ADD' }, handled),
    ])
    const refused = sent.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
    expect(refused).toEqual([expect.objectContaining({ code: 'actor.step_failed' })])
  })

  it('is refused by a worker that has more mail of its actor than fits a turn; the actor goes on', async () => {
    const address = await door.spawn('counter', { key: 'busy' })
    const many = 2_000
    await Promise.all(Array.from({ length: many }, () => door.send(address, { type: 'ADD' })))
    await worker.start()
    await expect(worker.ask(address, { type: 'BOOM' }, handled)).rejects.toMatchObject({ code: 'actor.step_failed' })
    await door.settled(address)
    expect(await door.snapshot(address)).toMatchObject({ status: 'active', context: { count: many } })
  })
})
