import { describe, expect, it } from 'vitest'
import {
  type AnyActorLogic,
  type AnyStateMachine,
  createMachine,
  fromCallback,
  fromEventObservable,
  fromObservable,
  fromPromise,
  fromTransition,
  setup,
} from 'xstate'
import { hostMachines } from '../../machines/host.ts'

const work = fromPromise(() => Promise.resolve(1))
const never = { subscribe: () => ({ unsubscribe: () => undefined }) }

function invoking(logic: AnyActorLogic): AnyStateMachine {
  return setup({ actors: { thing: logic } }).createMachine({ id: 'm', invoke: { id: 'it', src: 'thing' } })
}

describe('hosting refuses, by name and with the remedy,', () => {
  it.each([
    ['callback logic', fromCallback(() => undefined), /"thing".*callback logic.*Use fromPromise/s],
    ['observable logic', fromObservable(() => never as never), /"thing".*observable or transition logic/s],
    ['event observable logic', fromEventObservable(() => never as never), /"thing".*logic/s],
    ['transition logic', fromTransition((state: object) => state, {}), /"thing".*observable or transition logic/s],
  ])('%s', (_what, logic, message) => {
    expect(() => hostMachines({ m: invoking(logic as AnyActorLogic) })).toThrow(
      expect.objectContaining({ code: 'machine.unsupported_logic', message: expect.stringMatching(message) }),
    )
  })

  it('the same when it is written inline, also deep inside', () => {
    const machine = createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: { initial: 'b', states: { b: { invoke: [{ src: work }, { src: fromCallback(() => undefined) }] } } },
      },
    })
    expect(() => hostMachines({ m: machine })).toThrow(/Machine "m" starts "xstate\.invoke\.1\.m\.a\.b"/)
  })

  it('the same in a machine that another one starts', () => {
    const outer = setup({ actors: { inner: invoking(fromCallback(() => undefined)) } }).createMachine({
      invoke: { src: 'inner' },
    })
    expect(() => hostMachines({ outer })).toThrow(/starts "thing"/)
  })

  it('onSnapshot', () => {
    const machine = setup({ actors: { work } }).createMachine({ invoke: { src: 'work', onSnapshot: {} } })
    expect(() => hostMachines({ m: machine })).toThrow(/onSnapshot.*sendParent/)
  })

  it('an invoke that nobody provides', () => {
    const machine = createMachine({ id: 'm', invoke: { src: 'ghost' } })
    expect(() => hostMachines({ m: machine })).toThrow(/"m" invokes "ghost", which nobody provides/)
    expect(() => hostMachines({ m: machine.provide({ actors: { ghost: work } }) })).not.toThrow()
  })

  it('a kind that could not stand in an address', () => {
    expect(() => hostMachines({ 'a/b': createMachine({}) })).toThrow(
      expect.objectContaining({ code: 'actor.bad_address' }),
    )
  })
})

describe('hosting', () => {
  it('knows promises, machines of their own kind, and machines that are registered', () => {
    const inner = createMachine({ id: 'inner' })
    const shared = createMachine({ id: 'shared' })
    const outer = setup({ actors: { work, inner, shared } }).createMachine({ invoke: { src: createMachine({}) } })
    const hosted = hostMachines({ outer, shared })
    expect([...hosted.keys()]).toEqual(['outer', 'outer.inner', 'shared', 'outer.0._machine_'])
    expect(hosted.get('outer')?.children.get('work')).toMatchObject({ type: 'promise' })
    expect(hosted.get('outer')?.children.get('shared')).toEqual({ type: 'machine', kind: 'shared' })
  })

  it('lets a machine start itself', () => {
    const tree: AnyStateMachine = setup({ actors: { branch: createMachine({}) } }).createMachine({ id: 'tree' })
    const grown = tree.provide({ actors: { branch: tree } as never })
    expect(hostMachines({ tree: grown }).get('tree')?.children.get('branch')).toEqual({ type: 'machine', kind: 'tree' })
  })

  it('cuts the name of a deeply nested kind, and keeps it apart from others', () => {
    const nest = (src: string) => setup({ actors: { [src]: createMachine({}) } }).createMachine({})
    const kinds = [...hostMachines({ a: nest('x'.repeat(100)), b: nest(`${'x'.repeat(99)}y`) }).keys()]
    expect(new Set(kinds).size).toBe(4)
    expect(Math.max(...kinds.map((kind) => kind.length))).toBe(64)
  })

  it('changes its hash with the chart, a guard, an action or a delay, and with nothing else', () => {
    const hash = (machine: AnyStateMachine): string | undefined => hostMachines({ m: machine }).get('m')?.hash
    const make = (guard: () => boolean, delay: number, target: string) =>
      setup({ guards: { g: guard }, delays: { d: delay }, actors: { work } }).createMachine({
        initial: 'a',
        states: { a: { on: { X: { guard: 'g', target } }, after: { d: 'b' } }, b: {}, c: {} },
      })
    const yes = (): boolean => true
    const base = hash(make(yes, 1, 'b'))
    expect(hash(make(yes, 1, 'b'))).toBe(base)
    expect(hash(make(yes, 1, 'b').provide({ actors: { work: fromPromise(() => Promise.resolve(2)) } }))).toBe(base)
    const others = [make(() => false, 1, 'b'), make(yes, 2, 'b'), make(yes, 1, 'c')].map(hash)
    expect(new Set([base, ...others]).size).toBe(4)
  })

  it('bounds the microsteps of a machine, and respects a bound of its own', () => {
    const limit = (options?: { maxIterations: number }): number | undefined =>
      hostMachines({ m: createMachine(options ? { options } : {}) }).get('m')?.inert.options.maxIterations
    expect(limit()).toBe(1_000)
    expect(limit({ maxIterations: 5 })).toBe(5)
    expect(limit({ maxIterations: Number.POSITIVE_INFINITY })).toBe(1_000)
  })
})
