import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assign, fromPromise, setup } from 'xstate'
import type { Why } from '../../actors/agents/inspect/actors-api.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { backends } from '../support/redis.ts'
import { type Client, createClient, definition, YAML } from './client.ts'

const door = setup({
  types: { context: {} as { coins: number }, events: {} as { type: string; code?: string } },
  guards: {
    paid: ({ context }) => context.coins > 0,
    knowsCode: ({ event }) => event.code === 'sesame',
    longCode: ({ event }) => (event.code as string).length > 3,
  },
  actions: { count: assign({ coins: ({ context }) => context.coins + 1 }) },
  actors: { slow: fromPromise(() => new Promise<void>(() => undefined)) },
}).createMachine({
  id: 'door',
  context: { coins: 0 },
  initial: 'closed',
  states: {
    closed: {
      description: 'Nobody gets in',
      after: { 3_600_000: 'broken' },
      on: {
        COIN: { actions: 'count' },
        PUSH: { guard: 'paid', target: 'open' },
        SAY: { guard: 'knowsCode', target: 'open' },
        SHOUT: { guard: 'longCode', target: 'open' },
        KNOCK: {},
      },
    },
    open: { invoke: { id: 'guest', src: 'slow' }, on: { CLOSE: 'closed' } },
    broken: {},
  },
})

describe.each(await backends())('why, on $name', ({ redisUrl }) => {
  let running: TestPlatform
  let ask: Client
  beforeAll(async () => {
    running = await startPlatform({ redisUrl, machines: { door } })
    ask = createClient(running)
  })
  afterAll(() => running.stop())

  const why = async (address: string): Promise<Why> => (await ask<Why>(`GET /v1/actors/${address}/why`, 200)).body
  const verdictOf = ({ events }: Why, type: string) => events.find((event) => event.type === type)

  it('says of every event whether it would be taken, and which guard says no', async () => {
    await running.platform.runtime.spawn('door', { key: 'front' })
    const closed = await why('door/front')
    expect(closed.events.map(({ type }) => type)).toEqual(['CLOSE', 'COIN', 'KNOCK', 'PUSH', 'SAY', 'SHOUT'])
    expect(verdictOf(closed, 'COIN')).toMatchObject({ accepted: true, changes: true, guards: [], reason: null })
    expect(verdictOf(closed, 'KNOCK')).toMatchObject({ accepted: true, changes: false })
    expect(verdictOf(closed, 'PUSH')).toEqual({
      type: 'PUSH',
      accepted: false,
      changes: true,
      guards: ['paid'],
      dependsOn: [],
      edges: ['door.closed|PUSH|0'],
      reason: 'refused by paid',
      forPeople: true,
    })
    expect(verdictOf(closed, 'CLOSE')).toMatchObject({ accepted: false, guards: [], edges: [] })
    for (const type of ['SAY', 'SHOUT'])
      expect(verdictOf(closed, type)).toMatchObject({ accepted: null, dependsOn: ['code'] })
    expect(closed.refusedEvents.map(({ type }) => type)).toEqual(['CLOSE', 'PUSH'])
    await running.platform.runtime.send('door/front', { type: 'COIN' })
    await running.platform.runtime.settled('door/front')
    expect(verdictOf(await why('door/front'), 'PUSH')).toMatchObject({ accepted: true, guards: [] })
  })

  it('tells since when it is in its state, not when it last heard something; which delay runs, and what work', async () => {
    const { runtime } = running.platform
    await runtime.spawn('door', { key: 'back' })
    const first = await why('door/back')
    const [delay] = first.delays
    expect(delay).toMatchObject({
      state: 'closed',
      edge: expect.stringMatching(/^door\.closed\|xstate\.after/),
      target: null,
    })
    expect(new Date(delay!.dueAt).getTime() - new Date(delay!.armedAt!).getTime()).toBeGreaterThan(3_599_000)
    await runtime.send('door/back', { type: 'COIN' })
    await runtime.settled('door/back')
    const second = await why('door/back')
    expect(second.lastTransition?.event.type).toBe('COIN')
    expect(second.since).toBe(first.since)
    expect(new Date(second.lastTransition!.at).getTime()).toBeGreaterThan(new Date(second.since).getTime())
    await runtime.send('door/back', { type: 'PUSH' })
    const open = await eventually('the work to run', async () => {
      const now = await why('door/back')
      return now.invocations[0]?.running && now
    })
    expect(open.delays).toEqual([])
    expect(open.invocations).toMatchObject([{ id: 'guest', src: 'slow', attempt: 1, progress: null }])
    expect(new Date(open.since) > new Date(second.since)).toBe(true)
  })

  it('tells how far a run has come, and whose child it is', async () => {
    await ask('POST /v1/agents?publish=true', 201, { body: definition('sleeper', { wait: '1h' }), headers: YAML })
    await ask('POST /v1/events', 202, { body: { type: 'test.happened', source: '/test' } })
    const child = await eventually('the run to begin', async () => (await why('agent/sleeper')).children[0])
    expect(child.address).toMatch(/^run\//)
    const told = await eventually('its step to be over', async () => {
      const run = await why(child.address)
      return run.delays.some(({ state }) => state === 'holding.betweenSteps') && run
    })
    const path = `/v1/runs/${child.address.slice('run/'.length)}`
    const { body: run } = await ask<{ phases: { state: string; ms: number }[]; timing: Record<string, number> }>(
      `GET ${path}`,
      200,
    )
    expect(run.phases.map(({ state }) => state)).toEqual(['holding.executing', 'holding.betweenSteps'])
    const [first, second] = run.phases.map(({ ms }) => ms)
    expect(run.timing).toEqual({ queuedMs: 0, workingMs: first, idleMs: second })
    expect(told.events.find(({ type }) => type === 'CANCEL')).toMatchObject({ accepted: true, forPeople: true })
    expect(told.events.find(({ type }) => type === 'lock.lost')).toMatchObject({ accepted: null, forPeople: false })
  })

  it('of an actor that has ended says that it takes nothing', async () => {
    const { children } = await why('agent/sleeper')
    const run = children[0]!.address
    await ask(`POST /v1/runs/${run.slice('run/'.length)}/cancel`, 200, { body: { reason: 'enough' } })
    const ended = await eventually('the run to end', async () => {
      const now = await why(run)
      return now.status === 'done' && now
    })
    expect(ended.delays).toEqual([])
    expect(new Set(ended.events.map(({ accepted, reason }) => `${accepted} ${reason}`))).toEqual(
      new Set(['false it has ended (done)']),
    )
  })
})
