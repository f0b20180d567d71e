/** One configuration of a machine, and what is sent to it once it stands. */
export interface BadMachine {
  name: string
  config: object
  events: readonly string[]
}

const GO = ['GO']
const atomic = { states: { a: {}, b: {} }, initial: 'a' }
const BAD_DELAYS = [-1, 1e12, 2 ** 31, 2 ** 53, Number.NaN, Infinity, '1s', 'nobody', '', '-5', '1e400']
const BAD_TARGETS = [
  'nowhere',
  '#nowhere',
  '.nowhere',
  'a.b.c',
  '#',
  '.',
  '',
  ' ',
  'a b',
  '__proto__',
  'constructor',
  'toString',
  '*',
  'xstate.init',
  '../a',
  '#m.nowhere',
]

/** Loops: without a limit to the steps of one event, each would hold its worker for ever. */
const LOOPS: readonly [name: string, config: object][] = [
  ['a loop of always', { initial: 'a', states: { a: { always: 'b' }, b: { always: 'a' } } }],
  ['an always to itself', { initial: 'a', states: { a: { always: { target: 'a', reenter: true } } } }],
  [
    'a loop of always after an event',
    { initial: 'i', states: { i: { on: { GO: 'a' } }, a: { always: 'b' }, b: { always: 'a' } } },
  ],
  [
    'a loop of a thousand states',
    {
      initial: 's0',
      states: Object.fromEntries(
        Array.from({ length: 1_000 }, (_, at) => [`s${at}`, { always: `s${(at + 1) % 1_000}` }]),
      ),
    },
  ],
  [
    'two loops side by side',
    {
      type: 'parallel',
      states: { x: { initial: 'a', states: { a: { always: 'b' }, b: { always: 'a' } } }, y: atomic },
    },
  ],
  [
    'done for ever',
    {
      initial: 'a',
      states: { a: { initial: 'x', states: { x: { type: 'final' } }, onDone: { target: 'a', reenter: true } } },
    },
  ],
]

/** Class 7, the machines themselves: what a host may register by mistake. */
export function badMachines(): BadMachine[] {
  const machine = (name: string, config: object, events: readonly string[] = GO): BadMachine => ({
    name,
    config: { id: 'm', ...config },
    events,
  })
  return [
    ...LOOPS.map(([name, config]) => machine(name, config)),
    ...BAD_TARGETS.map((target) => machine(`to ${target}`, { initial: 'a', states: { a: { on: { GO: target } } } })),
    ...BAD_TARGETS.map((initial) => machine(`begins in ${initial}`, { initial, states: { a: {} } })),
    ...BAD_DELAYS.map((delay) =>
      machine(`after ${delay}`, { initial: 'a', states: { a: { after: { [delay]: 'b' } }, b: {} } }),
    ),
    ...['nobody', 'xstate.stop', '__proto__', ''].map((src) =>
      machine(`invokes ${src}`, { initial: 'a', states: { a: { invoke: { src } } } }),
    ),
    ...['nobody', '__proto__', ''].map((guard) =>
      machine(`guarded by ${guard}`, { initial: 'a', states: { a: { on: { GO: { target: 'b', guard } } }, b: {} } }),
    ),
    ...['nobody', '__proto__', 'xstate.raise'].map((action) =>
      machine(`does ${action}`, { initial: 'a', states: { a: { entry: action } } }),
    ),
    ...['xstate.init', 'xstate.done.actor.x', '*', '', '__proto__'].map((type) =>
      machine(`hears ${type}`, { initial: 'a', states: { a: { on: { [type]: 'b' } }, b: {} } }, ['GO', type]),
    ),
    machine('nothing', {}),
    machine('no beginning', { states: { a: {} } }),
    machine('no states', { initial: 'a' }),
    machine('empty states', { initial: 'a', states: {} }),
    machine('200 levels', deep(200)),
    machine('10,000 states', {
      initial: 's0',
      states: Object.fromEntries(
        Array.from({ length: 10_000 }, (_, at) => [`s${at}`, { on: { GO: `s${(at + 1) % 10_000}` } }]),
      ),
    }),
    machine('two of one id', { initial: 'a', states: { a: { id: 'x' }, b: { id: 'x' } } }),
    machine('a history of nothing', { initial: 'h', states: { h: { type: 'history' }, a: {} } }),
    machine('a beginning that is the end', { initial: 'a', states: { a: { type: 'final' } } }),
    machine('a final with states', { initial: 'a', states: { a: { type: 'final', initial: 'b', states: { b: {} } } } }),
    machine('a type nobody knows', { initial: 'a', states: { a: { type: 'lizard' } } }),
    machine('a parallel with a beginning', { type: 'parallel', initial: 'a', states: { a: {}, b: {} } }),
    machine('a context that no JSON holds', { context: { big: 1n, cycle: undefined, self: Symbol('x') }, ...atomic }),
    machine('states named like prototypes', {
      initial: 'constructor',
      states: { constructor: { on: { GO: 'toString' } }, toString: {} },
    }),
  ]
}

function deep(levels: number): object {
  return Array.from({ length: levels }).reduce<object>((inner) => ({ initial: 'a', states: { a: inner } }), {
    on: { GO: {} },
  })
}
