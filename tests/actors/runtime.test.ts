import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assign, setup } from 'xstate'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { backends } from '../support/redis.ts'

const counter = setup({
  types: {
    context: {} as { count: number; step: number },
    events: {} as { type: 'ADD' } | { type: 'STOP' } | { type: 'FAIL' },
  },
}).createMachine({
  context: ({ input }) => ({ count: 0, step: (input as { step?: number } | undefined)?.step ?? 1 }),
  initial: 'counting',
  output: ({ context }) => ({ total: context.count }),
  states: {
    counting: {
      tags: 'busy',
      on: {
        ADD: { actions: assign({ count: ({ context }) => context.count + context.step }) },
        STOP: 'stopped',
        FAIL: {
          actions: assign(() => {
            throw new Error('no')
          }),
        },
      },
    },
    stopped: { type: 'final' },
  },
})

describe.each(await backends())('a runtime on $name', ({ redisUrl }) => {
  let database: TestDatabase
  let runtime: Runtime

  beforeAll(async () => {
    database = await createTestDatabase()
    runtime = await createRuntime({
      databaseUrl: database.url,
      ...(redisUrl ? { redisUrl } : {}),
      machines: { counter },
    })
    await runtime.start()
  })
  afterAll(async () => {
    await runtime.stop()
    await database.drop()
  })

  it('finds an actor that exists instead of making it again', async () => {
    const address = await runtime.spawn('counter', { key: 'once', input: { step: 2 } })
    await runtime.send(address, { type: 'ADD' })
    await runtime.settled(address)
    expect(await runtime.spawn('counter', { key: 'once', input: { step: 7 } })).toBe(address)
    expect(await runtime.snapshot(address)).toMatchObject({ context: { count: 2, step: 2 }, revision: 2 })
  })
})
