import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type AnyStateMachine, assign, createActor, createMachine, fromPromise, SimulatedClock, setup } from 'xstate'
import type { Effect, StoredSnapshot } from '../../core/effect.ts'
import type { MachineEvent } from '../../core/message.ts'
import { hostMachines } from '../../machines/host.ts'
import { firstStep, step } from '../../machines/step.ts'

const EVENTS = ['A', 'B', 'C'] as const
const LEAVES = ['x', 'y', 'z'] as const

/** A compound state with delays, guards, history and invocations, whose transitions stay inside or leave it. */
const region = (id: string) =>
  fc
    .record({
      targets: fc.array(fc.constantFrom(...LEAVES), { minLength: 9, maxLength: 9 }),
      delays: fc.array(fc.option(fc.integer({ min: 1, max: 9 }).map((n) => n * 10)), { minLength: 3, maxLength: 3 }),
      works: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      eventless: fc.option(fc.integer({ min: 1, max: 6 })),
    })
    .map(({ targets, delays, works, eventless }) => ({
      initial: 'x',
      states: {
        ...Object.fromEntries(
          LEAVES.map((leaf, place) => [
            leaf,
            {
              tags: [`${id}-${leaf}`],
              on: Object.fromEntries(
                EVENTS.map((type, n) => [
                  type,
                  { target: targets[place * 3 + n], actions: { type: 'count', params: { type } } },
                ]),
              ),
              ...(delays[place]
                ? { after: { [delays[place]]: { target: targets[place], reenter: true, actions: 'count' } } }
                : {}),
              ...(works[place]
                ? { invoke: { id: `${id}-${leaf}`, src: 'work', onDone: { target: targets[place], actions: 'count' } } }
                : {}),
              // Each count is passed once at most, so it always comes to rest.
              ...(eventless && place === 0
                ? {
                    always: { guard: { type: 'counted', params: { times: eventless } }, target: 'y', actions: 'count' },
                  }
                : {}),
            },
          ]),
        ),
        shallow: { type: 'history', history: 'shallow' },
        deep: { type: 'history', history: 'deep' },
      },
    }))

const machine = fc
  .record({
    left: region('left'),
    right: region('right'),
    parallel: fc.boolean(),
    history: fc.constantFrom('shallow', 'deep'),
  })
  .map(({ left, right, parallel, history }): AnyStateMachine => {
    const back = parallel ? [`#m.on.left.${history}`, `#m.on.right.${history}`] : `#m.on.left.${history}`
    const on = parallel
      ? { type: 'parallel', states: { left, right } }
      : {
          initial: 'left',
          states: { left, right },
          on: { SWAP: [{ guard: 'even', target: '.right' }, { target: '.left' }] },
        }
    const config = {
      id: 'm',
      context: { count: 0 },
      initial: 'on',
      states: {
        on: { ...on, exit: 'count' },
        off: { on: { ON: { target: back }, END: 'over' } },
        over: { type: 'final' },
      },
      on: { OFF: '.off' },
      output: ({ context }: { context: { count: number } }) => context.count,
    }
    return setup({
      types: { context: {} as { count: number } },
      actors: { work: fromPromise(() => new Promise(() => undefined)) },
      actions: { count: assign({ count: ({ context }) => context.count + 1 }) },
      guards: {
        even: ({ context }) => context.count % 2 === 0,
        counted: ({ context }, { times }: { times: number }) => context.count === times,
      },
    }).createMachine(config as never) as unknown as AnyStateMachine
  })

/** Something happens, or time passes. */
const happening = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...EVENTS, 'OFF', 'ON', 'SWAP', 'NOTHING').map((type) => ({ type })) },
  { weight: 1, arbitrary: fc.constant({ type: 'END' }) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }).map((n) => ({ waitMs: n * 10 - 5 })) },
)
type Happening = MachineEvent | { waitMs: number }

/** Hosts a machine as the runtime does, with a clock of its own and timers as rows. */
function durable(
  machine: AnyStateMachine,
  happenings: readonly Happening[],
  store: (s: StoredSnapshot) => StoredSnapshot,
) {
  const hosted = hostMachines({ m: machine }).get('m')
  if (!hosted) throw new Error('not hosted')
  const identity = { address: 'm/1', parent: null, childId: null }
  const timers = new Map<string, { due: number; armed: number; event: MachineEvent }>()
  const seen: unknown[] = []
  let now = 0
  let revision = 1
  let snapshot: StoredSnapshot
  const settle = (next: { snapshot: StoredSnapshot; effects: Effect[] }): void => {
    snapshot = store(next.snapshot)
    for (const [place, effect] of next.effects.entries()) {
      if (effect.type === 'timer')
        timers.set(effect.id, { due: now + effect.delayMs, armed: revision * 1_000 + place, event: effect.event })
      if (effect.type === 'cancel') timers.delete(effect.id)
    }
    if (snapshot.status !== 'active') timers.clear()
    seen.push(visible(snapshot))
  }
  const take = (event: MachineEvent): void => {
    if (snapshot.status !== 'active') return
    revision += 1
    settle(step(hosted, { ...identity, revision }, snapshot, event))
  }
  settle(firstStep(hosted, { ...identity, revision }, null))
  for (const one of happenings) {
    if (!('waitMs' in one)) {
      take(one)
      continue
    }
    const until = now + (one.waitMs as number)
    for (;;) {
      const [next] = [...timers].sort(([, a], [, b]) => a.due - b.due || a.armed - b.armed)
      if (!next || next[1].due > until) break
      timers.delete(next[0])
      now = next[1].due
      take(next[1].event)
    }
    now = until
  }
  return { seen, snapshot: snapshot! }
}

function visible({
  status,
  value,
  context,
  tags,
  children,
}: {
  status: string
  value: unknown
  context: unknown
  tags: Iterable<string>
  children: object
}) {
  return {
    status,
    value,
    context,
    tags: [...tags].sort(),
    children: status === 'active' ? Object.keys(children).sort() : [],
  }
}

/** The same in XState itself, in memory, never stored. */
function inMemory(machine: AnyStateMachine, happenings: readonly Happening[]) {
  const clock = new SimulatedClock()
  const actor = createActor(machine, { clock })
  const seen: unknown[] = []
  let last: unknown
  actor.subscribe((snapshot) => {
    last = snapshot
    seen.push(visible(snapshot as never))
  })
  actor.start()
  if (last === undefined) seen.push(visible(actor.getSnapshot() as never))
  for (const one of happenings) {
    if (actor.getSnapshot().status !== 'active') continue
    if ('waitMs' in one) for (let ms = 0; ms < (one.waitMs as number); ms++) clock.increment(1)
    else actor.send(one)
  }
  return seen
}

const RUNS = 300

it('gives the same states whether or not the process restarted between any two events', () => {
  fc.assert(
    fc.property(machine, fc.array(happening, { maxLength: 20 }), (m, happenings) => {
      const kept = durable(m, happenings, (snapshot) => snapshot)
      const stored = durable(m, happenings, (snapshot) => JSON.parse(JSON.stringify(snapshot)) as StoredSnapshot)
      expect(stored.seen).toEqual(kept.seen)
      expect(JSON.stringify(stored.snapshot)).toBe(JSON.stringify(kept.snapshot))
    }),
    { numRuns: RUNS },
  )
})

it('gives the states that XState itself gives, in memory, with a clock that is turned by hand', () => {
  fc.assert(
    fc.property(machine, fc.array(happening, { maxLength: 20 }), (m, happenings) => {
      const ours = durable(m, happenings, (snapshot) => JSON.parse(JSON.stringify(snapshot)) as StoredSnapshot)
      expect(ours.seen).toEqual(inMemory(m, happenings))
    }),
    { numRuns: RUNS },
  )
})

it('keeps any JSON in its context as it was', () => {
  const keeper = createMachine({
    context: { kept: null as unknown },
    on: { KEEP: { actions: assign({ kept: ({ event }) => (event as unknown as { value: unknown }).value }) } },
  })
  const hosted = hostMachines({ m: keeper }).get('m')
  if (!hosted) throw new Error('not hosted')
  const identity = { address: 'm/1', parent: null, childId: null }
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const plain = JSON.parse(JSON.stringify(value).replaceAll(/\\u(?:0000|d[89a-f]..)/g, '')) as never
      const born = firstStep(hosted, { ...identity, revision: 1 }, null).snapshot
      const kept = step(hosted, { ...identity, revision: 2 }, born, { type: 'KEEP', value: plain }).snapshot
      const later = step(hosted, { ...identity, revision: 3 }, JSON.parse(JSON.stringify(kept)) as StoredSnapshot, {
        type: 'X',
      }).snapshot
      expect(JSON.stringify(later.context)).toBe(JSON.stringify({ kept: plain }))
    }),
  )
})
