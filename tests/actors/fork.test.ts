import { beforeAll, describe, expect, it } from 'vitest'
import { assign, createMachine, fromPromise, sendTo, setup } from 'xstate'
import { actorAt } from '../../machines/ref.ts'
import { eventually } from '../support/eventually.ts'
import { backends } from '../support/redis.ts'
import { on, openRuntime } from './open.ts'

/** Addresses whose work ran, in order. */
const ran: string[] = []
const work = fromPromise<string, { who: string }>(async ({ input }) => {
  ran.push(input.who)
  await new Promise((resolve) => setTimeout(resolve, 5))
  return input.who
})
const endless = fromPromise<string, { who: string }>(({ input, signal }) => {
  ran.push(input.who)
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))))
})

const job = setup({
  types: {
    context: {} as { n: number; done: string | null },
    events: {} as { type: 'ADD' | 'WORK' | 'WAIT' | 'REST' },
  },
  actors: { work, endless },
}).createMachine({
  id: 'job',
  context: { n: 0, done: null },
  initial: 'idle',
  states: {
    idle: {
      on: { ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) }, WORK: 'working', WAIT: 'waiting' },
    },
    working: {
      invoke: {
        src: 'endless',
        id: 'it',
        input: ({ self }) => ({ who: self.sessionId }),
        onDone: { target: 'idle', actions: assign({ done: ({ event }) => event.output }) },
      },
      on: { REST: 'idle' },
    },
    waiting: { after: { 150: 'idle' }, on: { REST: 'idle' } },
  },
})

const child = setup({
  types: { context: {} as { pings: number }, events: {} as { type: 'PING' | 'END' } },
}).createMachine({
  context: { pings: 0 },
  initial: 'on',
  output: ({ context }) => context.pings,
  states: {
    on: { on: { PING: { actions: assign({ pings: ({ context }) => context.pings + 1 }) }, END: 'off' } },
    off: { type: 'final' },
  },
})
const family = setup({
  types: { context: {} as { heard: number | null }, events: {} as { type: 'TELL' | 'END' } },
  actors: { child },
}).createMachine({
  id: 'family',
  context: { heard: null },
  invoke: { src: 'child', id: 'kid', onDone: { actions: assign({ heard: ({ event }) => Number(event.output) }) } },
  on: { TELL: { actions: sendTo('kid', { type: 'PING' }) }, END: { actions: sendTo('kid', { type: 'END' }) } },
})
const thing = createMachine({ id: 'thing' })
const watched = setup({
  types: { events: {} as { type: 'GO' | 'TELL' } },
  actors: { work },
}).createMachine({
  id: 'watched',
  initial: 'still',
  states: {
    still: { on: { GO: 'going' } },
    going: {
      after: { 10: 'still' },
      invoke: { src: 'work', input: ({ self }) => ({ who: self.sessionId }) },
      on: { TELL: { actions: sendTo(actorAt('job/nobody'), { type: 'PING' }) } },
    },
  },
})

describe.each(await backends())('a fork on $name', ({ redisUrl }) => {
  const open = openRuntime({
    ...on(redisUrl),
    machines: { job, family, thing, watched },
    forks: { thing: { refused: 'there is one of it in the world' }, watched: 'sealed' },
  })
  beforeAll(() => {
    ran.length = 0
  })
  const say = async (address: string, ...types: string[]): Promise<void> => {
    for (const type of types) await open.runtime.send(address, { type })
    await open.runtime.settled(address)
  }

  it('begins as the other was at a revision, goes its own way, and replays to what it is', async () => {
    const { runtime } = open
    await runtime.spawn('job', { key: 'a' })
    await say('job/a', 'ADD', 'ADD', 'ADD')
    const fork = await runtime.fork('job/a', { at: 3, key: 'b', sender: 'user/me' })
    expect(fork).toEqual({
      address: 'job/b',
      forkedFrom: { address: 'job/a', revision: 3 },
      sealed: false,
      delays: [],
      held: [],
      repeated: [],
    })
    expect(await runtime.snapshot('job/b')).toMatchObject({
      context: { n: 2 },
      revision: 1,
      forkedFrom: { address: 'job/a', revision: 3 },
    })
    await say('job/b', 'ADD', 'ADD')
    expect((await runtime.snapshot('job/b')).context).toMatchObject({ n: 4 })
    expect((await runtime.snapshot('job/a')).context).toMatchObject({ n: 3 })
    expect((await runtime.snapshot('job/a')).forkedFrom).toBeNull()
    expect(await runtime.replay('job/b')).toMatchObject({ equal: true, revision: 3 })
    for await (const entry of runtime.history('job/b')) {
      expect(entry).toMatchObject({ messageId: 'xstate.fork', sender: 'user/me', cause: 'job/a:3', from: null })
      break
    }
    await runtime.fork('job/b', { at: 1, key: 'c' })
    expect((await runtime.snapshot('job/c')).context).toMatchObject({ n: 2 })
  })

  it('arms the delays that ran then anew, and only those', async () => {
    const { runtime } = open
    await runtime.spawn('job', { key: 'd' })
    await say('job/d', 'WAIT')
    await eventually('the delay to be over', async () => (await runtime.snapshot('job/d')).value === 'idle')
    const waiting = await runtime.fork('job/d', { at: 2, key: 'd2' })
    expect(waiting.delays).toEqual([expect.stringContaining('xstate.after.150')])
    await eventually(
      'the delay of the fork to be over',
      async () => (await runtime.snapshot('job/d2')).value === 'idle',
    )
    expect((await runtime.fork('job/d', { at: 3, key: 'd3' })).delays).toEqual([])
  })

  it('does not do again what ran, unless somebody says that it may; in both cases it waits for it', async () => {
    const { runtime } = open
    await runtime.spawn('job', { key: 'w' })
    await say('job/w', 'WORK')
    await eventually('the work to begin', () => ran.includes('job/w'))
    await say('job/w', 'REST')
    const held = await runtime.fork('job/w', { at: 2, key: 'held' })
    expect(held).toMatchObject({ held: [{ address: 'job/held', id: 'it', src: 'endless' }], repeated: [] })
    expect((await runtime.snapshot('job/held')).value).toBe('working')
    const again = await runtime.fork('job/held', { at: 1, key: 'again', work: 'repeat' })
    expect(again.repeated).toEqual([{ address: 'job/again', id: 'it', src: 'endless' }])
    // With the input of the first, since that is what was asked for.
    await eventually('the work to run again', () => ran.filter((who) => who === 'job/w').length === 2)
    expect(ran).not.toContain('job/held')
    await say('job/held', 'REST', 'WORK')
    await eventually('work of its own to run', () => ran.includes('job/held'))
    await say('job/held', 'REST')
    await say('job/again', 'REST')
  })

  it('takes its children along, each as it was then, and shares none', async () => {
    const { runtime } = open
    await runtime.spawn('family', { key: 'f' })
    await say('family/f', 'TELL')
    const kid = 'family.child/family.f.1.0'
    await eventually('the child to hear it', async () => {
      return JSON.stringify((await runtime.snapshot(kid)).context) === '{"pings":1}'
    })
    await say('family/f', 'TELL', 'TELL')
    const { revision } = await runtime.snapshot('family/f')
    await runtime.settled(kid)
    await runtime.fork('family/f', { at: revision, key: 'g' })
    const twin = 'family.child/family.g.1.0'
    const before = await runtime.snapshot(twin)
    expect(before).toMatchObject({ parent: 'family/g', forkedFrom: { address: kid } })
    await say('family/g', 'TELL', 'END')
    const heard = await eventually('the twin to end', async () => {
      const { context } = await runtime.snapshot('family/g')
      return (context as { heard: number | null }).heard ?? undefined
    })
    expect(heard).toBe((before.context as { pings: number }).pings + 1)
    expect(await runtime.snapshot(kid)).toMatchObject({ context: { pings: 3 }, status: 'active' })
    await expect(runtime.fork(kid, { at: 1, key: 'x' })).rejects.toMatchObject({ code: 'actor.fork_refused' })
  })

  it('that is sealed steps like the real one, and nothing that it asks for is done', async () => {
    const { runtime } = open
    await runtime.spawn('watched', { key: 's' })
    const { address, sealed } = await runtime.fork('watched/s', { at: 1, key: 's' })
    expect([address, sealed]).toEqual(['fork.watched/s', true])
    await say(address, 'GO', 'TELL')
    expect(await runtime.snapshot(address)).toMatchObject({ value: 'going', sealed: true, revision: 3 })
    const effects: string[] = []
    for await (const entry of runtime.history(address)) effects.push(...entry.effects.map(({ type }) => type))
    expect(effects).toEqual(['invoke', 'timer', 'send'])
    const [pending] = await runtime.sql<{ n: number }[]>`
      select (select count(*) from timers where address = ${address}) + (select count(*) from invocations where address = ${address})
        + (select count(*) from mailbox) as n`
    expect(pending?.n).toBe(0)
    expect(ran).not.toContain(address)
    const again = await runtime.fork(address, { at: 2, key: 'deeper' })
    expect(again).toMatchObject({ address: 'fork.watched/deeper', sealed: true })
  })

  it('is refused with a reason: of what there is one in the world, from a revision that is not there, under a name that is taken', async () => {
    const { runtime } = open
    await runtime.spawn('thing', { key: 't' })
    await runtime.spawn('job', { key: 'n' })
    await expect(runtime.fork('thing/t', { at: 1, key: 'u' })).rejects.toMatchObject({
      code: 'actor.fork_refused',
      details: { reason: 'there is one of it in the world' },
    })
    for (const at of [0, 2]) {
      await expect(runtime.fork('job/n', { at, key: 'u' })).rejects.toMatchObject({ code: 'request.invalid' })
    }
    await expect(runtime.fork('job/n', { at: 1, key: 'n' })).rejects.toMatchObject({ code: 'actor.exists' })
    await expect(runtime.fork('job/nobody', { at: 1, key: 'u' })).rejects.toMatchObject({ code: 'actor.not_found' })
  })
})
