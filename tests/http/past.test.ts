import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assign, fromPromise, setup } from 'xstate'
import type { Moment } from '../../actors/agents/inspect/past-api.ts'
import type { ActorSnapshot, Forked } from '../../actors/runtime.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { backends } from '../support/redis.ts'
import { type Client, createClient, definition, YAML } from './client.ts'

const counter = setup({
  types: { context: {} as { n: number }, events: {} as { type: 'ADD'; by?: number } | { type: 'BLOCK' } },
  actors: { slow: fromPromise(() => new Promise<void>(() => undefined)) },
}).createMachine({
  id: 'counter',
  context: { n: 0 },
  initial: 'on',
  states: {
    on: { on: { ADD: { actions: assign({ n: ({ context, event }) => context.n + (event.by ?? 1) }) }, BLOCK: 'busy' } },
    busy: { invoke: { src: 'slow' }, on: { ADD: 'on' } },
  },
})

describe.each(await backends())('the past, on $name', ({ redisUrl }) => {
  let running: TestPlatform
  let ask: Client
  beforeAll(async () => {
    running = await startPlatform({ redisUrl, machines: { counter } })
    ask = createClient(running)
    await ask('POST /v1/agents?publish=true', 201, { body: definition('one', { wait: '1h' }), headers: YAML })
  })
  afterAll(async () => {
    await expectInvariants(running.platform.runtime, running.database.url)
    await running.stop()
  })

  it('shows state and context before and after a revision, and the mail that waited then', async () => {
    const { runtime } = running.platform
    await runtime.spawn('counter', { key: 'a' })
    await runtime.settled('counter/a')
    // Taken in one turn or in several: what had come when the first of them was committed waited then.
    await Promise.all([1, 2, 3].map((by) => runtime.send('counter/a', { type: 'ADD', by }, { id: `m${by}` })))
    await runtime.settled('counter/a')
    const at = async (revision: number): Promise<Moment> =>
      (await ask<Moment>(`GET /v1/actors/counter/a/replay?at=${revision}`, 200)).body
    const [first, second, last] = [await at(1), await at(2), await at(4)]
    expect(first).toMatchObject({
      before: null,
      context: { n: 0 },
      active: ['on'],
      entry: { messageId: 'xstate.init' },
    })
    expect(second).toMatchObject({ before: { context: { n: 0 } }, context: { n: 1 }, entry: { messageId: 'm1' } })
    expect(last).toMatchObject({ before: { context: { n: 3 } }, context: { n: 6 }, mailbox: [], equal: true })
    for (const { messageId, acceptedAt, takenAt } of second.mailbox ?? []) {
      expect(['m2', 'm3']).toContain(messageId)
      expect(new Date(acceptedAt).getTime()).toBeLessThanOrEqual(new Date(second.entry.at).getTime())
      expect(takenAt).toBeGreaterThan(2)
    }
    await ask('GET /v1/actors/counter/a/replay?at=5', 400)
  })

  it('is never told with a gap: who reads on where it was removed meanwhile hears where it begins now', async () => {
    const { runtime } = running.platform
    await runtime.spawn('counter', { key: 'long' })
    for (let n = 0; n < 5; n++) await runtime.send('counter/long', { type: 'ADD' })
    await runtime.settled('counter/long')
    const { body } = await ask<{ nextCursor: string }>('GET /v1/actors/counter/long/history?limit=2', 200)
    await runtime.compact('counter/long', 5)
    const next = `GET /v1/actors/counter/long/history?limit=2&cursor=${body.nextCursor}`
    expect((await ask(next, 410)).body).toMatchObject({ code: 'history.compacted', first: 5 })
    const whole = await ask<{ items: { revision: number }[] }>('GET /v1/actors/counter/long/history', 200)
    expect(whole.body.items.map(({ revision }) => revision)).toEqual([5, 6])
  })

  it('shows what waited while nobody took it', async () => {
    const { sql, spawn } = running.platform.runtime
    await spawn('counter', { key: 'slow' })
    // As if a worker that was busy elsewhere had left it lying for a while.
    await sql`
      insert into mailbox (address, message_id, lane, event, created_at)
      values ('counter/slow', 'late', 1, '{"type":"ADD"}', clock_timestamp() - interval '1 hour')`
    running.platform.runtime.nudge(['counter/slow'])
    await running.platform.runtime.settled('counter/slow')
    const { body } = await ask<Moment>('GET /v1/actors/counter/slow/replay?at=1', 200)
    expect(body.mailbox).toMatchObject([{ messageId: 'late', event: { type: 'ADD' }, takenAt: 2 }])
    await sql`update history set accepted_at = null where address = 'counter/slow'`
    const unknown = await ask<Moment>('GET /v1/actors/counter/slow/replay?at=1', 200)
    expect(unknown.body.mailbox).toBeNull()
  })

  it('can be gone on from: a fork says where it came from, who made it, and what it does not do again', async () => {
    const { runtime } = running.platform
    await runtime.spawn('counter', { key: 'b' })
    for (const type of ['ADD', 'BLOCK']) await runtime.send('counter/b', { type })
    await runtime.settled('counter/b')
    const { body, headers } = await ask<Forked>('POST /v1/actors/counter/b/fork?at=3', 201, { body: { key: 'c' } })
    expect(headers.get('location')).toBe('/v1/actors/counter/c')
    expect(body).toMatchObject({ address: 'counter/c', sealed: false, held: [{ src: 'slow' }], repeated: [] })
    const { body: fork } = await ask<ActorSnapshot>('GET /v1/actors/counter/c', 200)
    expect(fork).toMatchObject({ value: 'busy', revision: 1, forkedFrom: { address: 'counter/b', revision: 3 } })
    const { body: history } = await ask<{ items: object[] }>('GET /v1/actors/counter/c/history', 200)
    expect(history.items).toMatchObject([
      { event: { type: 'xstate.fork' }, sender: 'user/local', cause: 'counter/b:3' },
    ])
    await ask('POST /v1/actors/counter/b/fork?at=3', 409, { body: { key: 'c' } })
    const { body: unnamed } = await ask<Forked>('POST /v1/actors/counter/b/fork?at=2', 201)
    expect(unnamed.address).toMatch(/^counter\/b~2\.\w+$/)
    await ask('POST /v1/actors/counter/b/fork', 400)
    await ask('POST /v1/actors/counter/b/fork?at=99', 400)
  })

  it('of an agent or a run can be tried out without touching the lab', async () => {
    await ask('POST /v1/events', 202, { body: { type: 'test.happened', source: '/test' } })
    const run = await eventually('the run to be under way', async () => {
      const { body } = await ask<{ items: { id: string; state: string }[] }>('GET /v1/runs?agent=one', 200)
      return body.items.find(({ state }) => state === 'holding.betweenSteps')
    })
    const { body: agent } = await ask<ActorSnapshot>('GET /v1/actors/agent/one', 200)
    const { body: idle } = await ask<Forked>('POST /v1/actors/agent/one/fork?at=1', 201, { body: { key: 'tried' } })
    expect(idle).toMatchObject({
      address: 'fork.agent/tried',
      sealed: true,
      forkedFrom: { address: 'agent/one', revision: 1 },
    })
    const trigger = running.platform.runtime.send('fork.agent/tried', (await triggerOf(ask)) as { type: string })
    await trigger
    await running.platform.runtime.settled('fork.agent/tried')
    const { body: tried } = await ask<ActorSnapshot>('GET /v1/actors/fork.agent/tried', 200)
    expect(tried).toMatchObject({ value: agent.value, sealed: true })
    const { body: runs } = await ask<{ items: object[] }>('GET /v1/runs?agent=one', 200)
    expect(runs.items).toHaveLength(1)
    const { body: instances } = await ask<{ items: object[] }>('GET /v1/instances', 200)
    expect(instances.items).toHaveLength(1)
    const { body: inspection } = await ask<Forked>(`POST /v1/actors/run/${run.id}/fork?at=1`, 201)
    expect(inspection.sealed).toBe(true)
    await ask(`GET /v1/actors/${inspection.address}/diagram.svg`, 200)
    await ask(`GET /v1/actors/${inspection.address}/why`, 200)
    const { body: machines } = await ask<{ items: { kind: string }[] }>('GET /v1/machines', 200)
    expect(machines.items.map(({ kind }) => kind)).not.toContain('fork.agent')
  })

  it('of a thing in the world cannot, and the answer says why', async () => {
    const device = { kind: 'stb', pool: 'p', host: 'h', gateway: 'http://127.0.0.1:9', connectivity: 'online' }
    await ask('PUT /v1/devices/box', 200, { body: device })
    const { body } = await ask<{ code: string; reason: string }>('POST /v1/actors/device/box/fork?at=1', 409)
    expect(body).toMatchObject({ code: 'actor.fork_refused', reason: expect.stringContaining('world') })
  })
})

/** The event that began the agent's work, as its history has it. */
async function triggerOf(ask: Client): Promise<unknown> {
  const { body } = await ask<{ items: { event: { type: string } }[] }>('GET /v1/actors/agent/one/history', 200)
  return body.items.find(({ event }) => event.type === 'TRIGGER')?.event
}
