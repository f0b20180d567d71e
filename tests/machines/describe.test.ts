import { expect, it } from 'vitest'
import { and, assign, cancel, createActor, emit, fromPromise, not, or, raise, sendTo, setup, stateIn } from 'xstate'
import type { GraphEdge, GraphNode } from '../../core/graph.ts'
import { activePaths, describe } from '../../machines/describe.ts'

const kit = setup({
  actions: { remember: () => undefined },
  guards: { canRetry: () => true, fresh: () => true, seen: (_, params: { times: number }) => params.times > 1 },
  delays: { timeout: 90_000, backoff: () => 5 },
  actors: { executor: fromPromise(async () => 1) },
})

/** One machine with every construct that a chart has to show. */
const zoo = kit.createMachine({
  id: 'zoo',
  version: '1.2.0',
  initial: 'working',
  entry: [
    'remember',
    assign({}),
    raise({ type: 'GO' }),
    sendTo('#_parent', { type: 'UP' }),
    emit({ type: 'zoo.open' }),
  ],
  on: { '*': '.parked', 'lock.*': '.working', NOTE: { actions: 'remember' }, IGNORED: undefined },
  states: {
    working: {
      description: 'Works.',
      tags: ['busy'],
      invoke: {
        id: 'executor',
        src: 'executor',
        onDone: 'over',
        onError: [{ guard: 'canRetry', target: 'working', reenter: true }, 'over'],
      },
      after: { timeout: 'parked', backoff: { actions: 'remember' }, 1500: 'over' },
      exit: [function tidy() {}, () => undefined, raise({ type: 'LATE' }, { delay: 2000 }), cancel('nap')],
    },
    parked: {
      always: [
        { guard: and(['canRetry', not('fresh')]), target: 'regions.left.before' },
        { guard: or([and(['canRetry', 'fresh']), stateIn({ regions: 'left' })]), target: 'over' },
        { guard: { type: 'seen', params: { times: 2 } }, target: 'over' },
        { guard: () => false, target: 'over' },
      ],
    },
    regions: {
      type: 'parallel',
      onDone: 'over',
      states: {
        left: {
          initial: 'l1',
          states: {
            l1: { on: { BOTH: ['#zoo.regions.left.l2'] } },
            l2: {},
            before: { type: 'history', history: 'deep', target: 'l2' },
          },
        },
        right: { initial: 'r1', states: { r1: {}, again: { type: 'history' }, r2: { type: 'final' } } },
      },
      on: { 'xstate.done.actor.*': 'over', SPLIT: { target: ['.left.l2', '.right.r2'] } },
    },
    over: { type: 'final' },
  },
})

const graph = describe(zoo)
const node = (path: string) => all(graph.root).find((candidate) => candidate.path === path)
const edges = (source: string) => graph.edges.filter((edge) => edge.source === source)
const brief = ({ label, kind, targets, guard, actions }: GraphEdge) =>
  [kind, label, guard ?? '-', targets.join('+') || 'stays', actions.join('+')].join(' | ').replace(/ \| $/, '')

function all(from: GraphNode): GraphNode[] {
  return [from, ...from.children.flatMap(all)]
}

it('names every state by its dot path, with its type, description and tags', () => {
  expect(graph).toMatchObject({ id: 'zoo', version: '1.2.0', root: { id: 'zoo', path: '', type: 'compound' } })
  expect(all(graph.root).map(({ path, type }) => `${path}:${type}`)).toEqual([
    ':compound',
    'working:atomic',
    'parked:atomic',
    'regions:parallel',
    'regions.left:compound',
    'regions.left.l1:atomic',
    'regions.left.l2:atomic',
    'regions.left.before:history',
    'regions.right:compound',
    'regions.right.r1:atomic',
    'regions.right.again:history',
    'regions.right.r2:final',
    'over:final',
  ])
  expect(node('working')).toMatchObject({ description: 'Works.', tags: ['busy'] })
})

it('says which state is entered first, and where history leads while there is none', () => {
  expect(node('')?.initial).toBe('zoo.working')
  expect(node('regions.left')?.initial).toBe('zoo.regions.left.l1')
  expect(node('regions')?.initial).toBeUndefined()
  expect(node('regions.left.before')).toMatchObject({ history: 'deep', initial: 'zoo.regions.left.l2' })
  expect(node('regions.right.again')).toMatchObject({ history: 'shallow', initial: 'zoo.regions.right.r1' })
})

it('agrees with XState about the default target of a history state', () => {
  const machine = setup({}).createMachine({
    initial: 'out',
    states: {
      out: { on: { IN: 'box.before', AGAIN: 'box.plain', FAR: 'box.far' } },
      box: {
        initial: 'a',
        on: { OUT: 'out' },
        states: {
          a: {},
          b: {},
          c: { initial: 'd', states: { d: {}, e: {} } },
          before: { type: 'history', target: 'b' },
          plain: { type: 'history' },
          far: { type: 'history', target: 'c.e' },
        },
      },
    },
  })
  const nodes = all(describe(machine).root)
  for (const [event, key] of [
    ['IN', 'before'],
    ['AGAIN', 'plain'],
    ['FAR', 'far'],
  ] as const) {
    const actor = createActor(machine).start()
    actor.send({ type: event })
    const promised = nodes.find((candidate) => candidate.key === key)?.initial
    expect(nodes.find((candidate) => candidate.id === promised)?.path).toBe(
      activePaths(actor.getSnapshot().value).at(-1),
    )
    actor.stop()
  }
})

it('names entry, exit and invocations, and leaves out the timers that an edge already tells', () => {
  expect(node('')?.entry).toEqual(['remember', 'assign', 'raise(GO)', 'sendTo(parent, UP)', 'emit(zoo.open)'])
  expect(node('working')).toMatchObject({
    entry: [],
    exit: ['tidy', '(inline)', 'raise(LATE after 2 s)', 'cancel(nap)'],
    invoke: [{ id: 'executor', src: 'executor' }],
  })
})

it('tells done, error and delayed transitions apart, with guards in the order in which they are tried', () => {
  expect(edges('zoo.working').map(brief).sort()).toEqual([
    'after | after 1.5 s | - | zoo.over',
    'after | after backoff | - | stays | remember',
    'after | after timeout (1.5 min) | - | zoo.parked',
    'done | done(executor) | - | zoo.over',
    'error | error(executor) | - | zoo.over',
    'error | error(executor) | canRetry | zoo.working',
  ])
  const errors = edges('zoo.working').filter((edge) => edge.kind === 'error')
  expect(errors.map((edge) => edge.guard)).toEqual(['canRetry', undefined])
  expect(edges('zoo.working').find((edge) => edge.delayName === 'timeout')?.delayMs).toBe(90_000)
  expect(edges('zoo.working').find((edge) => edge.delayName === 'backoff')?.delayMs).toBeUndefined()
})

it('spells out combined guards', () => {
  expect(edges('zoo.parked').map((edge) => edge.guard)).toEqual([
    'canRetry and not fresh',
    '(canRetry and fresh) or in regions.left',
    'seen',
    '(inline)',
  ])
  expect(new Set(edges('zoo.parked').map((edge) => `${edge.kind} ${edge.label} ${edge.event}`))).toEqual(
    new Set(['always always ']),
  )
})

it('keeps wildcards, forbidden events, transitions without a target and those with several', () => {
  expect(edges('zoo').map(brief)).toEqual([
    'wildcard | any other event | - | zoo.parked',
    'wildcard | lock.* | - | zoo.working',
    'event | NOTE | - | stays | remember',
    'event | IGNORED | - | stays',
  ])
  expect(edges('zoo.regions').map(brief)).toEqual([
    'done | done(any) | - | zoo.over',
    'event | SPLIT | - | zoo.regions.left.l2+zoo.regions.right.r2',
    'done | done | - | zoo.over',
  ])
})

it('gives every edge an id of its own, and survives JSON unchanged', () => {
  expect(new Set(graph.edges.map((edge) => edge.id)).size).toBe(graph.edges.length)
  expect(JSON.parse(JSON.stringify(graph))).toEqual(graph)
  expect(describe(zoo)).toEqual(graph)
})

it('lists the active paths of any state value, parents first', () => {
  expect(activePaths('idle')).toEqual(['idle'])
  expect(activePaths({ regions: { left: 'l1', right: {} } })).toEqual([
    'regions',
    'regions.left',
    'regions.left.l1',
    'regions.right',
  ])
})
