import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assign, setup } from 'xstate'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { backends } from '../support/redis.ts'
import { type Client, createClient } from './client.ts'

const counter = setup({
  types: { context: {} as { count: number }, input: {} as { from: number } | null },
}).createMachine({
  context: ({ input }) => ({ count: input?.from ?? 0 }),
  initial: 'idle',
  states: {
    idle: { on: { GO: 'running', END: 'over' } },
    running: { entry: assign({ count: ({ context }) => context.count + 1 }), always: 'idle' },
    over: { type: 'final' },
  },
})

interface Results {
  results: { address: string | null; status: string; code?: string; revision?: number }[]
}

const BATCH = { 'content-type': 'application/cloudevents-batch+json' }
const item = (id: string, more: object = {}): object => ({
  specversion: '1.0',
  id,
  source: '/test',
  type: 'GO',
  ...more,
})

describe.each(await backends())('a machine that a host brought, on $name', ({ redisUrl }) => {
  let database: TestDatabase
  let running: TestPlatform[]
  let call: Client

  beforeAll(async () => {
    database = await createTestDatabase()
    // Two processes would not see each other's memory either: what one accepts, the other applies.
    const shared = { redisUrl, database, machines: { counter } }
    running = [
      await startPlatform({ ...shared, roles: ['api'] }),
      await startPlatform({ ...shared, roles: ['worker'] }),
    ]
    call = createClient(running[0] as TestPlatform)
  })
  afterAll(async () => {
    for (const one of running) await one.stop()
    await database.drop()
  })

  it('is started once for one key, with its input', async () => {
    const first = await call('PUT /v1/actors/counter/one', 201, { body: { input: { from: 5 } } })
    expect(first.body).toEqual({ address: 'counter/one', created: true })
    expect(first.headers.get('location')).toBe('/v1/actors/counter/one')
    const again = await call('PUT /v1/actors/counter/one', 200, { body: { input: { from: 9 } } })
    expect(again.body).toEqual({ address: 'counter/one', created: false })
    const { body } = await call<{ context: object }>('GET /v1/actors/counter/one', 200)
    expect(body.context).toEqual({ count: 5 })
  })

  it('answers a sender that waits with what came of the event, once that is committed', async () => {
    await call('PUT /v1/actors/counter/waited', 201)
    const { body } = await call('POST /v1/actors/counter/waited/events?wait=20s', 200, { body: { type: 'GO' } })
    expect(body).toEqual({
      address: 'counter/waited',
      status: 'applied',
      revision: 2,
      state: 'idle',
      actor: 'active',
      handled: true,
    })
    const end = await call('POST /v1/actors/counter/waited/events?wait=20s', 200, { body: { type: 'END' } })
    expect(end.body).toMatchObject({ revision: 3, state: 'over', actor: 'done' })
  })

  it('takes a batch for many actors, each item for itself, in order', async () => {
    for (const key of ['a', 'b']) await call(`PUT /v1/actors/counter/${key}`, 201)
    const batch = [
      item('1', { subject: 'counter/a' }),
      item('2', { subject: 'counter/b' }),
      item('1', { subject: 'counter/a' }),
      item('3'),
      item('4', { subject: 'counter/nobody' }),
      { id: 'no event' },
      item('5', { subject: 'counter/a', type: 'xstate.done.actor.x' }),
      item('6', { subject: 'counter/a' }),
    ]
    const ask = { body: JSON.stringify(batch), headers: BATCH }
    const { results } = (await call<Results>('POST /v1/actors/events?wait=20s', 200, ask)).body
    expect(results.map(({ status, code, revision }) => code ?? `${status} ${revision}`)).toEqual([
      'applied 2',
      'applied 2',
      'duplicate 2',
      'event.invalid',
      'actor.not_found',
      'source.malformed',
      'source.malformed',
      'applied 3',
    ])
    const again = (await call<Results>('POST /v1/actors/events', 202, ask)).body.results
    expect(again.map(({ status }) => status)).toEqual([
      'duplicate',
      'duplicate',
      'duplicate',
      'rejected',
      'rejected',
      'rejected',
      'rejected',
      'duplicate',
    ])
  })

  it('lets nobody start what the platform makes itself, or what no machine is registered for', async () => {
    expect((await call('PUT /v1/actors/lock/mine', 409)).body).toMatchObject({ code: 'event.refused' })
    expect((await call('PUT /v1/actors/toaster/mine', 404)).body).toMatchObject({ code: 'machine.not_found' })
  })

  it('says so when a wait is none', async () => {
    for (const wait of ['soon', '2h']) {
      const { body } = await call(`POST /v1/actors/counter/one/events?wait=${wait}`, 400, { body: { type: 'GO' } })
      expect(body).toMatchObject({ code: 'request.invalid' })
    }
  })
})
