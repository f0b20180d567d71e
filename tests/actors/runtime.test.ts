import { describe, expect, it } from 'vitest'
import { assign, createMachine, setup } from 'xstate'
import { createRuntime } from '../../actors/runtime.ts'
import { eventually } from '../support/eventually.ts'
import { backends } from '../support/redis.ts'
import { on, openRuntime, take } from './open.ts'

const counter = setup({
  types: {
    context: {} as { count: number; step: number; seen: number[] },
    events: {} as { type: 'ADD'; n?: number } | { type: 'STOP' },
    input: {} as { step: number } | undefined,
  },
}).createMachine({
  version: '7',
  context: ({ input }) => ({ count: 0, step: input?.step ?? 1, seen: [] }),
  initial: 'counting',
  output: ({ context }) => ({ total: context.count }),
  states: {
    counting: {
      tags: 'busy',
      on: {
        ADD: {
          actions: assign(({ context, event }) => ({
            count: context.count + context.step,
            seen: event.n === undefined ? context.seen : [...context.seen, event.n],
          })),
        },
        STOP: 'stopped',
      },
    },
    stopped: { type: 'final' },
  },
})
const stamped = createMachine({
  context: { times: [] as number[] },
  on: {
    NOW: {
      actions: assign({ times: ({ context, event }) => [...context.times, (event as unknown as { at: number }).at] }),
    },
  },
})
const broken = createMachine({
  context: () => {
    throw new Error('no context today')
  },
})

describe.each(await backends())('a runtime on $name', ({ redisUrl }) => {
  const open = openRuntime({ ...on(redisUrl), machines: { counter, stamped, broken }, stamped: ['stamped'] })

  it('gives the same actor for the same key, as it is', async () => {
    const { runtime } = open
    const address = await runtime.spawn('counter', { key: 'once', input: { step: 2 } })
    await runtime.send(address, { type: 'ADD' })
    await runtime.settled(address)
    expect(await runtime.spawn('counter', { key: 'once', input: { step: 7 } })).toBe(address)
    expect(await runtime.snapshot(address)).toMatchObject({ context: { count: 2, step: 2 }, revision: 2 })
  })

  it('bears an actor once when many ask for it at the same time', async () => {
    const { runtime } = open
    const asked = Array.from({ length: 20 }, (_, n) => runtime.spawn('counter', { key: 'crowd', input: { step: n } }))
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['counter/crowd']))
    expect(await take(runtime.history('counter/crowd'), 5)).toHaveLength(1)
  })

  it('bears many at once, also when some are there and some are named twice', async () => {
    const { runtime } = open
    await runtime.spawn('counter', { key: 'many-1' })
    const births = ['many-1', 'many-2', 'many-2', 'many-3'].map((key) => ({ key }))
    expect(await runtime.spawnAll('counter', births)).toEqual(births.map(({ key }) => `counter/${key}`))
    expect(await runtime.snapshot('counter/many-3')).toMatchObject({ status: 'active', revision: 1 })
  })

  it('applies a message once, whatever its sender repeats, for ever', async () => {
    const { runtime } = open
    const address = await runtime.spawn('counter', { key: 'dedupe' })
    const send = () => runtime.send(address, { type: 'ADD' }, { id: 'same' })
    const together = await Promise.all([send(), send(), send()])
    expect(together.filter(({ duplicate }) => duplicate)).toHaveLength(2)
    await runtime.settled(address)
    expect(await send()).toEqual({ duplicate: true })
    await runtime.settled(address)
    expect(await runtime.snapshot(address)).toMatchObject({ context: { count: 1 }, revision: 2 })
  })

  it('keeps the order of one sender', async () => {
    const { runtime } = open
    const address = await runtime.spawn('counter', { key: 'order' })
    await Promise.all(Array.from({ length: 300 }, (_, n) => runtime.send(address, { type: 'ADD', n })))
    await runtime.settled(address)
    const { context } = await runtime.snapshot(address)
    expect(context).toMatchObject({ count: 300, seen: Array.from({ length: 300 }, (_, n) => n) })
  })

  it('tells what an actor is, and what it waits for', async () => {
    const { runtime } = open
    const address = await runtime.spawn('counter', { key: 'view', team: 'red' })
    expect(await runtime.snapshot(address)).toMatchObject({
      address,
      status: 'active',
      value: 'counting',
      tags: ['busy'],
      revision: 1,
      machine: { kind: 'counter', version: '7', hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      parent: null,
      team: 'red',
      waitingFor: 'an event: ADD, STOP',
      nextEvents: ['ADD', 'STOP'],
    })
    await runtime.send(address, { type: 'STOP' })
    await runtime.settled(address)
    const done = await runtime.snapshot(address)
    expect(done).toMatchObject({ status: 'done', output: { total: 0 }, waitingFor: 'nothing: it has ended (done)' })
    expect(done).not.toHaveProperty('error')
  })

  it('bears a machine whose context throws with status error, as XState does', async () => {
    const { runtime } = open
    const address = await runtime.spawn('broken', { key: '1' })
    expect(await runtime.snapshot(address)).toMatchObject({ status: 'error', error: { message: 'no context today' } })
  })

  it('writes a history without gaps, which replays to the snapshot and to any moment before it', async () => {
    const { runtime } = open
    const address = await runtime.spawn('counter', { key: 'history' })
    for (const type of ['ADD', 'UNKNOWN', 'ADD', 'STOP']) await runtime.send(address, { type })
    await runtime.settled(address)
    const entries = await take(runtime.history(address), 5)
    expect(entries.map(({ revision, event, handled, to }) => [revision, event.type, handled, to])).toEqual([
      [1, 'xstate.init', true, 'counting'],
      [2, 'ADD', true, 'counting'],
      [3, 'UNKNOWN', false, 'counting'],
      [4, 'ADD', true, 'counting'],
      [5, 'STOP', true, 'stopped'],
    ])
    expect(await take(runtime.history(address, { after: 3 }), 2)).toEqual(entries.slice(3))
    expect(await runtime.replay(address)).toMatchObject({ equal: true, revision: 5, otherDefinitions: 0 })
    expect(await runtime.replay(address, 2)).toMatchObject({ revision: 2, snapshot: { context: { count: 1 } } })
    await expect(runtime.replay(address, 0)).rejects.toMatchObject({ code: 'request.invalid' })
  })

  it('puts the time of the database on events of stamped machines, and on their input', async () => {
    const { runtime } = open
    const address = await runtime.spawn('stamped', { key: '1', input: {} })
    for (let n = 0; n < 3; n++) await runtime.send(address, { type: 'NOW', at: 1 })
    await runtime.settled(address)
    const { times } = (await runtime.snapshot(address)).context as { times: number[] }
    expect(times).toHaveLength(3)
    expect([...times].sort((a, b) => a - b)).toEqual(times)
    const [birth] = await take(runtime.history(address), 1)
    const at = (birth?.event['input'] as { at: number } | undefined)?.at ?? 0
    expect(times[0]).toBeGreaterThanOrEqual(at)
    expect(Math.abs(Date.now() - at)).toBeLessThan(60_000)
  })

  it.each([
    ['an unknown actor', 'counter/nobody', { type: 'ADD' }, {}, 'actor.not_found'],
    ['an address that is none', 'nonsense', { type: 'ADD' }, {}, 'actor.bad_address'],
    [
      'an event that poses as an outcome',
      'counter/once',
      { type: 'xstate.done.actor.approve' },
      {},
      'event.reserved_type',
    ],
    ['an event that poses as a timer', 'counter/once', { type: 'xstate.after.1.x' }, {}, 'event.reserved_type'],
    ['an event that would stop the actor', 'counter/once', { type: 'xstate.stop' }, {}, 'event.reserved_type'],
    ['the wildcard', 'counter/once', { type: '*' }, {}, 'event.reserved_type'],
    ['the empty type', 'counter/once', { type: '' }, {}, 'event.reserved_type'],
    ['something without a type', 'counter/once', { nothing: 1 } as never, {}, 'event.invalid'],
    ['no event at all', 'counter/once', null as never, {}, 'event.invalid'],
    ['an id that the runtime gives itself', 'counter/once', { type: 'ADD' }, { id: 'timer:x:1.0' }, 'event.invalid'],
    ['an id that could not be indexed', 'counter/once', { type: 'ADD' }, { id: 'x'.repeat(600) }, 'event.invalid'],
    ['an id that Postgres cannot hold', 'counter/once', { type: 'ADD' }, { id: 'a\0b' }, 'event.invalid'],
  ])('refuses %s', async (_what, address, event, options, code) => {
    await open.runtime.spawn('counter', { key: 'once' })
    await expect(open.runtime.send(address, event, options)).rejects.toMatchObject({ code })
  })

  it('does not let a message that is refused spoil those that came with it', async () => {
    const { runtime } = open
    const address = await runtime.spawn('counter', { key: 'neighbours' })
    const ids = ['a', 'b\0', 'c', 'd\0', 'e']
    const sent = await Promise.allSettled(ids.map((id) => runtime.send(address, { type: 'ADD' }, { id })))
    expect(sent.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'])
    await runtime.settled(address)
    expect(await runtime.snapshot(address)).toMatchObject({ context: { count: 3 } })
  })

  it('refuses to look at or make what it does not know', async () => {
    const { runtime } = open
    await expect(runtime.snapshot('counter/nobody')).rejects.toMatchObject({ code: 'actor.not_found' })
    await expect(runtime.settled('counter/nobody')).rejects.toMatchObject({ code: 'actor.not_found' })
    await expect(runtime.replay('counter/nobody')).rejects.toMatchObject({ code: 'actor.not_found' })
    await expect(runtime.spawn('ghost', { key: '1' })).rejects.toMatchObject({ code: 'machine.not_found' })
    await expect(runtime.spawn('counter', { key: 'a/b' })).rejects.toMatchObject({ code: 'actor.bad_address' })
  })

  it('says that it is well', async () => {
    expect(await open.runtime.health()).toEqual({
      postgres: true,
      queue: true,
      backend: redisUrl === undefined ? 'postgres' : 'redis',
    })
  })

  it('brings what an api process accepts to a worker', async () => {
    const api = await createRuntime({
      ...on(redisUrl),
      databaseUrl: open.databaseUrl,
      machines: { counter },
      roles: ['api'],
    })
    await api.start()
    const address = await api.spawn('counter', { key: 'from-api' })
    await api.send(address, { type: 'ADD' })
    await api.settled(address)
    expect(await api.snapshot(address)).toMatchObject({ context: { count: 1 } })
    await api.stop()
    await expect(api.send(address, { type: 'ADD' })).rejects.toMatchObject({ code: 'database.unavailable' })
  })

  it('stops under load within ten seconds, twice if asked, and loses nothing', async () => {
    const second = await createRuntime({ ...on(redisUrl), databaseUrl: open.databaseUrl, machines: { counter } })
    await second.start()
    const addresses = await second.spawnAll(
      'counter',
      Array.from({ length: 20 }, (_, n) => ({ key: `load-${n}` })),
    )
    let accepted = 0
    let refused = 0
    const load = addresses.map(async (address) => {
      for (let n = 0; n < 50; n++) {
        await second.send(address, { type: 'ADD', n }).then(
          () => accepted++,
          () => refused++,
        )
      }
    })
    await eventually('the load to flow', () => accepted > 100)
    const startedAt = performance.now()
    await Promise.all([second.stop(), second.stop()])
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    await Promise.all(load)
    await Promise.all(addresses.map((address) => open.runtime.settled(address)))
    const counts = await Promise.all(addresses.map((address) => open.runtime.snapshot(address)))
    const applied = counts.reduce((sum, { context }) => sum + (context as { count: number }).count, 0)
    // A refusal whose commit had succeeded is the sender's to repeat.
    expect(applied).toBeGreaterThanOrEqual(accepted)
    expect(applied).toBeLessThanOrEqual(accepted + refused)
    expect(accepted + refused).toBe(1_000)
  })
})
