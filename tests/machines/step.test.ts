import { describe, expect, it } from 'vitest'
import {
  type AnyActorRef,
  assign,
  cancel,
  createMachine,
  emit,
  enqueueActions,
  forwardTo,
  fromPromise,
  log,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate'
import { parseAddress } from '../../core/address.ts'
import type { Json } from '../../core/json.ts'
import type { MachineEvent } from '../../core/message.ts'
import { actorAt } from '../../machines/ref.ts'
import { start } from './hosting.ts'

const work = fromPromise(() => Promise.resolve())
const child = createMachine({ context: {} })

describe('a step asks for', () => {
  it('a timer when it enters a state with a delay, and takes it back when it leaves', () => {
    const actor = start(
      setup({ delays: { later: ({ context }) => (context as { ms: number }).ms } }).createMachine({
        context: { ms: 250 },
        initial: 'a',
        states: { a: { after: { 1000: 'b', later: 'b' }, on: { NEXT: 'b' } }, b: {} },
      }),
    )
    expect(actor.effects).toEqual([
      timer('xstate.after.1000.(machine).a', 1000),
      timer('xstate.after.later.(machine).a', 250),
    ])
    expect(actor.take({ type: 'NEXT' }).effects).toEqual([
      { type: 'cancel', id: 'xstate.after.1000.(machine).a' },
      { type: 'cancel', id: 'xstate.after.later.(machine).a' },
    ])
  })

  it('a timer for a delayed raise, under its id or under the name of the effect', () => {
    const actor = start(
      createMachine({ entry: [raise({ type: 'A' }, { delay: 5, id: 'mine' }), raise({ type: 'B' }, { delay: 7 })] }),
    )
    expect(actor.effects).toEqual([
      { type: 'timer', id: 'mine', delayMs: 5, event: { type: 'A' }, to: null },
      { type: 'timer', id: '1.1', delayMs: 7, event: { type: 'B' }, to: null },
    ])
  })

  it('nothing for a raise that was taken at once', () => {
    const actor = start(
      createMachine({ initial: 'a', entry: raise({ type: 'GO' }), states: { a: { on: { GO: 'b' } }, b: {} } }),
    )
    expect(actor.effects).toEqual([])
    expect(actor.snapshot.value).toBe('b')
  })

  it('a timer with a recipient for a delayed sendTo, by address or by system id, and none for itself', () => {
    const actor = start(
      createMachine({
        entry: [
          sendTo(() => actorAt('lock/paris'), { type: 'A' }, { delay: 5, id: 'a' }),
          sendTo(({ system }) => system.get('boss') as AnyActorRef, { type: 'B' }, { delay: 5, id: 'b' }),
          sendTo(({ self }) => self, { type: 'C' }, { delay: 5, id: 'c' }),
        ],
      }),
    )
    expect(actor.effects).toMatchObject([
      { type: 'timer', id: 'a', to: { address: 'lock/paris' } },
      { type: 'timer', id: 'b', to: { systemId: 'boss' } },
      { type: 'timer', id: 'c', to: null },
    ])
  })

  it('the end of a timer by the id that it computes', () => {
    const actor = start(
      createMachine({ on: { X: { actions: cancel(({ event }) => (event as unknown as { id: string }).id) } } }),
    )
    expect(actor.take({ type: 'X', id: 'mine' }).effects).toEqual([{ type: 'cancel', id: 'mine' }])
  })

  it('an invocation for a promise, with input, and its withdrawal when the state is left', () => {
    const actor = start(
      setup({ actors: { work } }).createMachine({
        initial: 'busy',
        states: {
          busy: { invoke: { id: 'job', src: 'work', input: { a: [1] } }, on: { NEXT: 'idle' } },
          idle: { on: { BACK: 'busy' } },
        },
      }),
    )
    expect(actor.effects).toEqual([{ type: 'invoke', id: 'job', src: 'work', input: { a: [1] } }])
    expect(actor.snapshot.children).toEqual({ job: { src: 'work', born: '1.0' } })
    expect(actor.take({ type: 'NEXT' }).effects).toEqual([{ type: 'stop', id: 'job', address: null }])
    expect(actor.snapshot.children).toEqual({})
    actor.take({ type: 'BACK' })
    expect(actor.snapshot.children).toEqual({ job: { src: 'work', born: '3.0' } })
  })

  it('an invocation for a promise that is written inline', () => {
    const actor = start(createMachine({ initial: 'busy', states: { busy: { invoke: { id: 'job', src: work } } } }))
    expect(actor.effects).toMatchObject([{ type: 'invoke', id: 'job' }])
    const { src } = actor.effects[0] as { src: string }
    expect(actor.hosted.children.get(src)?.type).toBe('promise')
  })

  it('the end of the old and a new invocation when a state is entered again', () => {
    const actor = start(
      setup({ actors: { work } }).createMachine({
        initial: 'busy',
        states: { busy: { invoke: { id: 'job', src: 'work' }, on: { AGAIN: { target: 'busy', reenter: true } } } },
      }),
    )
    expect(actor.take({ type: 'AGAIN' }).effects).toEqual([
      { type: 'invoke', id: 'job', src: 'work', input: null },
      { type: 'stop', id: 'job', address: null },
    ])
    expect(actor.snapshot.children['job']?.born).toBe('2.0')
  })

  it('an actor of its own for a machine, and mail for it after its birth', () => {
    const actor = start(
      setup({ actors: { child } }).createMachine({
        entry: [
          spawnChild('child', { id: 'kid', input: { n: 1 }, systemId: 'kiddo' }),
          sendTo('kid', { type: 'HELLO' }),
        ],
        on: { STOP: { actions: stopChild('kid') } },
      }),
    )
    expect(actor.effects).toEqual([
      {
        type: 'spawn',
        id: 'kid',
        src: 'child',
        kind: 'm.child',
        address: 'm.child/m.1.1.0',
        input: { n: 1 },
        systemId: 'kiddo',
      },
      { type: 'send', to: { address: 'm.child/m.1.1.0' }, event: { type: 'HELLO' } },
    ])
    expect(actor.take({ type: 'STOP' }).effects).toEqual([{ type: 'stop', id: 'kid', address: 'm.child/m.1.1.0' }])
  })

  it('a child spawned in an assign, which it remembers by reference', () => {
    const machine = setup({ types: { context: {} as { kid: AnyActorRef | null } }, actors: { child } }).createMachine({
      context: { kid: null },
      on: {
        BEAR: { actions: assign({ kid: ({ spawn }) => spawn('child') }) },
        TELL: { actions: sendTo(({ context }) => context.kid as AnyActorRef, { type: 'HI' }) },
        STOP: { actions: stopChild(({ context }) => context.kid as AnyActorRef) },
      },
    })
    const actor = start(machine).take({ type: 'BEAR' })
    const address = 'm.child/m.1.2.0'
    expect(actor.effects).toMatchObject([{ type: 'spawn', address, id: 'x:2.0' }])
    expect(actor.snapshot.context).toEqual({ kid: { xstate$$type: 1, id: 'x:2.0', address } })
    expect(actor.take({ type: 'TELL' }).effects).toEqual([{ type: 'send', to: { address }, event: { type: 'HI' } }])
    expect(actor.take({ type: 'STOP' }).effects).toEqual([{ type: 'stop', id: 'x:2.0', address }])
    expect(actor.snapshot.context).toEqual({ kid: { xstate$$type: 1, id: 'x:2.0', address } })
  })

  it('every child that is spawned without an id', () => {
    const actor = start(
      setup({ actors: { child } }).createMachine({ entry: [spawnChild('child'), spawnChild('child')] }),
    )
    expect(actor.effects).toMatchObject([{ type: 'spawn' }, { type: 'spawn' }])
    expect(Object.keys(actor.snapshot.children).sort()).toEqual(['x:1.0', 'x:1.1'])
  })

  it('nothing for a child that the same step starts and stops', () => {
    const actor = start(
      setup({ actors: { child, work } }).createMachine({
        initial: 'a',
        states: {
          a: {
            invoke: [
              { id: 'k', src: 'child' },
              { id: 'w', src: 'work' },
            ],
            entry: sendTo('k', { type: 'HI' }),
            always: 'b',
          },
          b: {},
        },
      }),
    )
    expect(actor.effects).toEqual([])
    expect(actor.snapshot.children).toEqual({})
  })

  it('no child when it ends in the same step', () => {
    const actor = start(
      setup({ actors: { child, work } }).createMachine({
        invoke: [
          { id: 'k', src: 'child' },
          { id: 'w', src: 'work' },
        ],
        initial: 'over',
        states: { over: { type: 'final' } },
      }),
    )
    expect(actor.snapshot).toMatchObject({ status: 'done', children: {} })
    expect(actor.effects).toEqual([])
  })

  it('the end of all its children when it ends itself', () => {
    const actor = start(
      setup({ actors: { child, work } }).createMachine({
        invoke: [
          { id: 'k', src: 'child' },
          { id: 'w', src: 'work' },
        ],
        initial: 'on',
        states: { on: { on: { END: 'over' } }, over: { type: 'final' } },
      }),
    ).take({ type: 'END' })
    expect(actor.snapshot).toMatchObject({ status: 'done', children: {} })
    expect(actor.effects).toMatchObject([
      { type: 'stop', id: 'k' },
      { type: 'stop', id: 'w', address: null },
    ])
  })

  it('the end of all its children when it is stopped', () => {
    const actor = start(setup({ actors: { child } }).createMachine({ invoke: { id: 'k', src: 'child' } }))
    expect(actor.take({ type: 'xstate.stop' }).effects).toMatchObject([{ type: 'stop', id: 'k' }])
    expect(actor.snapshot.status).toBe('stopped')
  })

  it('mail for its parent, for children, for itself, for actors whose reference it was sent', () => {
    const actor = start(
      setup({ actors: { child } }).createMachine({
        invoke: { id: 'kid', src: 'child' },
        on: {
          UP: { actions: sendParent({ type: 'A' }) },
          DOWN: { actions: forwardTo('kid') },
          SELF: { actions: sendTo(({ self }) => self, { type: 'C' }) },
          BACK: {
            actions: sendTo(
              ({ event }) => (event as unknown as { from: AnyActorRef }).from,
              ({ self }) => ({ type: 'D', from: self }),
            ),
          },
        },
      }),
      { parent: 'boss/1' },
    )
    const sent = (event: MachineEvent) => actor.take(event).effects
    expect(sent({ type: 'UP' })).toEqual([{ type: 'send', to: { address: 'boss/1' }, event: { type: 'A' } }])
    expect(sent({ type: 'DOWN', x: 1 })).toEqual([
      { type: 'send', to: { address: 'm.child/m.1.1.0' }, event: { type: 'DOWN', x: 1 } },
    ])
    expect(sent({ type: 'SELF' })).toEqual([{ type: 'send', to: { address: 'm/1' }, event: { type: 'C' } }])
    // The id is that of a child of this actor too: the address decides.
    expect(sent({ type: 'BACK', from: { xstate$$type: 1, id: 'kid', address: 'other/9' } })).toEqual([
      {
        type: 'send',
        to: { address: 'other/9' },
        event: { type: 'D', from: { xstate$$type: 1, id: 'kid', address: 'm/1' } },
      },
    ])
  })

  it('mail that names a child of this very step, so that it can be answered', () => {
    const actor = start(
      setup({ actors: { child } }).createMachine({
        entry: [
          spawnChild('child', { id: 'kid' }),
          enqueueActions(({ enqueue }) =>
            enqueue.sendTo(
              () => actorAt('friend/1'),
              ({ context }) => ({ type: 'MEET', kid: (context as { kid: unknown }).kid }),
            ),
          ),
        ],
        context: ({ spawn }) => ({ kid: spawn('child', { id: 'third' }) }),
      }),
    )
    const kid = { xstate$$type: 1, id: 'third', address: 'm.child/m.1.1.0' }
    expect(actor.effects.at(-1)).toEqual({ type: 'send', to: { address: 'friend/1' }, event: { type: 'MEET', kid } })
    expect(actor.snapshot.context).toEqual({ kid })
  })

  it('an event in the log for an emit', () => {
    const actor = start(createMachine({ entry: emit({ type: 'seen', what: 'x' }) }))
    expect(actor.effects).toEqual([{ type: 'emit', event: { type: 'seen', what: 'x' } }])
  })

  it('custom actions by name with their params, in order, also from enqueueActions', () => {
    const machine = setup({
      actions: { ring: (_, _params: { n: number }) => undefined, hang: () => undefined },
    }).createMachine({
      entry: [
        { type: 'ring', params: { n: 1 } },
        'hang',
        log('never mind'),
        enqueueActions(({ enqueue }) => {
          enqueue.assign({})
          enqueue({ type: 'ring', params: { n: 2 } })
          enqueue.raise({ type: 'X' }, { delay: 3, id: 'x' })
        }),
      ],
    })
    expect(start(machine).effects).toEqual([
      { type: 'action', name: 'ring', params: { n: 1 } },
      { type: 'action', name: 'hang', params: null },
      { type: 'action', name: 'ring', params: { n: 2 } },
      { type: 'timer', id: 'x', delayMs: 3, event: { type: 'X' }, to: null },
    ])
  })
})

describe('what XState keeps, a step keeps', () => {
  const player = createMachine({
    initial: 'on',
    states: {
      on: {
        initial: 'one',
        on: { OFF: 'off' },
        states: {
          one: { on: { NEXT: 'two' } },
          two: { initial: 'x', states: { x: { on: { NEXT: 'y' } }, y: {} } },
          shallow: { type: 'history' },
          deep: { type: 'history', history: 'deep' },
        },
      },
      off: { on: { SHALLOW: 'on.shallow', DEEP: 'on.deep' } },
    },
  })

  it('shallow and deep history', () => {
    const off = (): ReturnType<typeof start> =>
      start(player).take({ type: 'NEXT' }).take({ type: 'NEXT' }).take({ type: 'OFF' })
    expect(off().take({ type: 'DEEP' }).snapshot.value).toEqual({ on: { two: 'y' } })
    expect(off().take({ type: 'SHALLOW' }).snapshot.value).toEqual({ on: { two: 'x' } })
  })

  it('parallel regions, their common end, tags, and the output of the whole', () => {
    const region = (event: string) => ({
      initial: 'busy',
      states: { busy: { tags: [`busy-${event}`], on: { [event]: 'done' } }, done: { type: 'final' as const } },
    })
    const actor = start(
      createMachine({
        context: { n: 0 },
        initial: 'both',
        output: ({ context }) => ({ n: context.n }),
        states: {
          both: {
            type: 'parallel',
            states: { a: region('A'), b: region('B') },
            onDone: { target: 'over', actions: assign({ n: 7 }) },
          },
          over: { type: 'final' },
        },
      }),
    )
    expect(actor.snapshot.tags).toEqual(['busy-A', 'busy-B'])
    expect(actor.take({ type: 'A' }).snapshot).toMatchObject({
      tags: ['busy-B'],
      value: { both: { a: 'done', b: 'busy' } },
    })
    expect(actor.take({ type: 'B' }).snapshot).toMatchObject({ status: 'done', value: 'over', output: { n: 7 } })
  })

  it('guards, eventless transitions and input', () => {
    const actor = start(
      createMachine({
        context: ({ input }: { input: unknown }) => ({ n: (input as { n: number }).n }),
        initial: 'a',
        states: {
          a: {
            always: { guard: ({ context }) => context.n > 2, target: 'b' },
            on: { ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
          },
          b: {},
        },
      }),
      { input: { n: 2 } },
    )
    expect(actor.snapshot.value).toBe('a')
    expect(actor.take({ type: 'ADD' }).snapshot.value).toBe('b')
  })

  it('defaults for an input that nobody gave', () => {
    const actor = start(
      createMachine({
        context: ({ input }: { input: unknown }) => ({ n: (input as { n: number } | undefined) === undefined ? 3 : 0 }),
      }),
    )
    expect(actor.snapshot.context).toEqual({ n: 3 })
  })

  it('keys and values that other stores trip over', () => {
    const hostile = JSON.parse('{"__proto__":{"x":1},"constructor":2,"toString":3,"a":"\\u0000b\\ud800c"}') as Json
    const actor = start(
      createMachine({
        context: { got: null },
        on: { X: { actions: assign({ got: ({ event }) => (event as unknown as { data: never }).data }) } },
      }),
    ).take({ type: 'X', data: hostile })
    expect(JSON.stringify(actor.snapshot.context)).toBe(
      '{"got":{"__proto__":{"x":1},"constructor":2,"toString":3,"a":"b\ufffdc"}}',
    )
    expect(Object.prototype).not.toHaveProperty('x')
  })

  it('records that only look like references to a child', () => {
    const looks = { xstate$$type: 1, id: 'toString' }
    const actor = start(
      createMachine({
        context: { got: null },
        on: { X: { actions: assign({ got: ({ event }) => (event as unknown as { data: never }).data }) } },
      }),
    ).take({ type: 'X', data: looks })
    expect(actor.take({ type: 'Y' }).snapshot.context).toEqual({ got: looks })
  })
})

describe('whether an event was handled', () => {
  const machine = createMachine({
    context: { n: 0 },
    on: {
      ASSIGN: { actions: assign({ n: 1 }) },
      ONLY_ACTION: { actions: emit({ type: 'x' }) },
      FORBIDDEN: {},
      GUARDED: { guard: () => false, actions: assign({ n: 2 }) },
    },
  })

  it.each([
    ['ASSIGN', true],
    ['ONLY_ACTION', true],
    ['FORBIDDEN', true],
    ['GUARDED', false],
    ['UNKNOWN', false],
  ])('%s → %s', (type, handled) => {
    expect(start(machine).take({ type }).handled).toBe(handled)
  })
})

describe('a step that fails', () => {
  const failing = (action: unknown) =>
    start(createMachine({ context: { n: 0 }, on: { X: { actions: action as never } } }))
  const circle: { self?: unknown } = {}
  circle.self = circle

  it.each([
    [
      'an assign that throws',
      assign(() => {
        throw new Error('no')
      }),
      'actor.step_failed',
    ],
    ['mail for a child that is not there', sendTo('nobody', { type: 'A' }), 'actor.step_failed'],
    ['mail for the parent of an orphan', sendParent({ type: 'A' }), 'actor.step_failed'],
    ['a context that cannot be stored', assign({ n: () => circle }), 'actor.step_failed'],
    ['a number that JSON does not know', assign({ n: () => 1n }), 'actor.step_failed'],
    ['a delay that is not a number', raise({ type: 'A' }, { delay: Number.NaN }), 'actor.step_failed'],
    ['mail without a type', sendTo(() => actorAt('a/1'), {}), 'actor.step_failed'],
    [
      'mail that poses as the runtime',
      sendTo(() => actorAt('a/1'), { type: 'xstate.done.actor.approve' }),
      'event.reserved_type',
    ],
    ['news that pose as the runtime', emit({ type: 'xstate.stop' }), 'event.reserved_type'],
    ['a child from logic without a name', assign({ n: ({ spawn }) => spawn(child) }), 'machine.unsupported_logic'],
  ])('says so and changes nothing: %s', (_what, action, code) => {
    const actor = failing(action)
    const before = JSON.stringify(actor.snapshot)
    expect(() => actor.take({ type: 'X' })).toThrow(expect.objectContaining({ code }))
    expect(JSON.stringify(actor.snapshot)).toBe(before)
  })

  it('names the guard that threw', () => {
    const actor = start(
      setup({
        guards: {
          isReady: () => {
            throw new Error('not today')
          },
        },
      }).createMachine({ on: { X: { guard: 'isReady' } } }),
    )
    expect(() => actor.take({ type: 'X' })).toThrow(/isReady.*not today/s)
  })

  it('ends a circle of eventless transitions', () => {
    const actor = start(
      createMachine({ initial: 'idle', states: { idle: { on: { X: 'a' } }, a: { always: 'b' }, b: { always: 'a' } } }),
    )
    expect(() => actor.take({ type: 'X' })).toThrow(/Infinite loop/)
  })

  it.each([
    [
      'a context that throws',
      createMachine({
        context: () => {
          throw new Error('no')
        },
      }),
    ],
    [
      'an entry that cannot be stored',
      createMachine({ context: { n: 0 }, entry: assign({ n: () => circle as never }) }),
    ],
    ['a circle', createMachine({ initial: 'a', states: { a: { always: 'b' }, b: { always: 'a' } } })],
    [
      'a delay that is no number',
      createMachine({ entry: [emit({ type: 'x' }), raise({ type: 'X' }, { delay: Number.NaN })] }),
    ],
  ])('is born with status error, and asks for nothing: %s', (_what, machine) => {
    const actor = start(machine)
    expect(actor.snapshot).toMatchObject({ status: 'error', children: {}, error: { message: expect.any(String) } })
    expect(actor.effects).toEqual([])
  })

  it('lets the parent fail when a child fails that nobody looks after', () => {
    const actor = start(setup({ actors: { work } }).createMachine({ invoke: { id: 'job', src: 'work' } }))
    actor.take({ type: 'xstate.error.actor.job', error: { name: 'Error', message: 'broken' }, actorId: 'job' })
    expect(actor.snapshot).toMatchObject({ status: 'error', error: { message: 'broken' } })
  })
})

describe('a delay', () => {
  it.each([
    [Number.POSITIVE_INFINITY, []],
    [-5, [0]],
    [1e300, [3e14]],
  ])('of %d becomes %j', (delay, expected) => {
    const actor = start(createMachine({ entry: raise({ type: 'X' }, { delay }) }))
    expect(actor.effects.map((effect) => (effect.type === 'timer' ? effect.delayMs : effect))).toEqual(expected)
  })
})

describe('a stop', () => {
  it('reaches children only, whatever reference it is given', () => {
    const actor = start(createMachine({ on: { X: { actions: stopChild(() => actorAt('lock/paris')) } } }))
    expect(actor.take({ type: 'X' }).effects).toEqual([])
  })
})

describe("a child's address", () => {
  const machine = setup({ actors: { child } }).createMachine({ invoke: { id: 'kid', src: 'child' } })
  const bornBy = (address: string): string => (start(machine, { address }).effects[0] as { address: string }).address

  it('is another for every parent, also for two kinds with one key', () => {
    expect(bornBy('a/1')).not.toBe(bornBy('b/1'))
  })

  it('stays within what an address may hold, however deep the family is', () => {
    let address = `m/${'k'.repeat(150)}`
    const seen = new Set<string>()
    for (let depth = 0; depth < 20; depth++) {
      address = bornBy(address)
      expect(() => parseAddress(address)).not.toThrow()
      seen.add(address)
    }
    expect(seen.size).toBe(20)
  })
})

function timer(id: string, delayMs: number) {
  return { type: 'timer', id, delayMs, event: { type: id }, to: null }
}
