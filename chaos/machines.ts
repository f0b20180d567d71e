import { setTimeout as pause } from 'node:timers/promises'
import { assign, cancel, enqueueActions, fromPromise, sendTo, setup } from 'xstate'
import { currentInvocation } from '../actors/work/promise.ts'
import { actorAt } from '../machines/ref.ts'
import { createMover } from './nth-call/mover.ts'

/** How a piece of work behaves: sleeps, blocks its process, eats its memory (on the first try), or fails. */
export type WorkMode = 'sleep' | 'block' | 'eat' | 'throw'

export interface Witness {
  began(what: { effectId: string; address: string; attempts: number }): Promise<void>
  ended(what: { effectId: string; address: string; attempts: number }): Promise<void>
}

interface Put {
  type: 'PUT'
  from: string
  n: number
}

/** Remembers everything it is told, in order, and knows every way to go wrong. */
function createCell(build: 1 | 2) {
  const kit = setup({
    types: {
      context: {} as { seen: [string, number][]; weight: number },
      events: {} as
        | Put
        | { type: 'GROW'; size: number }
        | { type: 'WIDE'; blob: string }
        | { type: 'SAY'; n: number }
        | { type: 'BOOM' | 'SPIN' | 'PAUSE' | 'RESUME' },
      emitted: {} as { type: 'chaos.said'; data: { n: number } },
    },
    actions: {
      put: assign({
        seen: ({ context, event }) =>
          event.type === 'PUT' ? [...context.seen, [event.from, event.n] as [string, number]] : context.seen,
      }),
    },
  })
  return kit.createMachine({
    id: 'cell',
    // Another text, and so another definition, that behaves the same: what a deploy in the middle looks like.
    version: String(build),
    ...(build === 2 ? { description: 'The second build of the same cell.' } : {}),
    context: { seen: [], weight: 0 },
    initial: 'open',
    on: {
      PUT: { actions: 'put' },
      GROW: { actions: assign({ weight: ({ context, event }) => Math.min(500_000, context.weight + event.size) }) },
      WIDE: { actions: assign({ weight: ({ event }) => event.blob.length }) },
      SAY: {
        actions: kit.emit(({ event }) => ({ type: 'chaos.said', data: { n: event.type === 'SAY' ? event.n : 0 } })),
      },
      BOOM: {
        actions: assign(() => {
          throw new Error('boom')
        }),
      },
      SPIN: '.spinning',
    },
    states: {
      open: { on: { PAUSE: 'closed' } },
      closed: { on: { RESUME: 'open' } },
      spinning: { always: { target: 'spinning', reenter: true } },
    },
  })
}

/** Passes on what it gets, and asks for a custom action with every message. */
const relay = setup({
  types: {
    context: {} as { passed: number; self: string },
    input: {} as { self: string },
    events: {} as { type: 'PASS'; to: string; n: number } | { type: 'LATER'; to: string; n: number; ms: number },
  },
  actions: { note: (_, _params: { n: number }) => undefined },
}).createMachine({
  id: 'relay',
  context: ({ input }) => ({ passed: 0, self: input.self }),
  on: {
    PASS: {
      actions: [
        assign({ passed: ({ context }) => context.passed + 1 }),
        sendTo(
          ({ event }) => actorAt(event.to),
          ({ event, context }) => ({ type: 'PUT', from: context.self, n: event.n }),
        ),
        { type: 'note', params: ({ event }) => ({ n: event.n }) },
      ],
    },
    LATER: {
      actions: enqueueActions(({ event: { to, n, ms }, context, enqueue }) => {
        const message = { type: 'PUT', from: `${context.self}/later`, n }
        enqueue.sendTo(actorAt(to), message, { id: `later-${n}`, delay: ms })
      }),
    },
  },
})

const clock = setup({
  types: {
    context: {} as { rung: number[] },
    events: {} as { type: 'ARM'; n: number; ms: number } | { type: 'DISARM'; n: number } | { type: 'RING'; n: number },
  },
}).createMachine({
  id: 'clock',
  context: { rung: [] },
  on: {
    ARM: {
      actions: enqueueActions(({ event: { n, ms }, enqueue }) => {
        enqueue.raise({ type: 'RING', n }, { id: `t${n}`, delay: ms })
      }),
    },
    DISARM: { actions: cancel(({ event }) => `t${event.n}`) },
    RING: { actions: assign({ rung: ({ context, event }) => [...context.rung, event.n] }) },
  },
})

const kid = setup({
  types: { input: {} as { ms: number }, context: {} as { ms: number } },
  delays: { grown: ({ context }) => context.ms },
}).createMachine({
  id: 'kid',
  context: ({ input }) => ({ ms: input.ms }),
  initial: 'growing',
  states: { growing: { after: { grown: 'grown' } }, grown: { type: 'final' } },
  output: ({ context }) => context.ms,
})

const family = setup({
  types: {
    context: {} as { raised: number; ms: number },
    events: {} as { type: 'RAISE'; ms: number } | { type: 'LET_GO' },
  },
  actors: { kid },
}).createMachine({
  id: 'family',
  context: { raised: 0, ms: 0 },
  initial: 'alone',
  states: {
    alone: { on: { RAISE: { target: 'raising', actions: assign({ ms: ({ event }) => event.ms }) } } },
    raising: {
      invoke: {
        id: 'kid',
        src: 'kid',
        input: ({ context }) => ({ ms: context.ms }),
        onDone: { target: 'alone', actions: assign({ raised: ({ context }) => context.raised + 1 }) },
        onError: 'alone',
      },
      on: { LET_GO: 'alone' },
    },
  },
})

function createJob(witness: Witness) {
  return setup({
    types: {
      input: {} as { ms: number; mode: WorkMode },
      context: {} as { ms: number; mode: WorkMode; got: unknown },
      events: {} as { type: 'CANCEL' },
    },
    actors: {
      work: fromPromise<unknown, { ms: number; mode: WorkMode }>(async ({ input, signal }) => {
        const { effectId = '', address = '', attempts = 0 } = currentInvocation() ?? {}
        const what = { effectId, address, attempts }
        await witness.began(what)
        await work(input, attempts, signal)
        await witness.ended(what)
        return { attempts, pid: process.pid }
      }),
    },
  }).createMachine({
    id: 'job',
    context: ({ input }) => ({ ...input, got: null }),
    initial: 'busy',
    states: {
      busy: {
        invoke: {
          id: 'work',
          src: 'work',
          input: ({ context }) => ({ ms: context.ms, mode: context.mode }),
          onDone: { target: 'done', actions: assign({ got: ({ event }) => event.output }) },
          onError: { target: 'failed', actions: assign({ got: ({ event }) => String(event.error) }) },
        },
        on: { CANCEL: 'cancelled' },
      },
      done: {},
      failed: {},
      cancelled: {},
    },
  })
}

async function work(
  { ms, mode }: { ms: number; mode: WorkMode },
  attempts: number,
  signal: AbortSignal,
): Promise<void> {
  if (mode === 'throw') throw new Error('this work cannot be done')
  if (mode === 'block' && attempts === 1) {
    const until = performance.now() + ms
    while (performance.now() < until);
  } else if (mode === 'eat' && attempts === 1) {
    const eaten: number[][] = []
    for (let n = 0.5; ; n++) eaten.push(Array<number>(4_000_000).fill(n))
  } else await pause(mode === 'sleep' ? ms : 10, undefined, { signal })
}

/** Everything the suite hosts beside the platform's own machines. */
export function chaosMachines(witness: Witness, build: 1 | 2) {
  return { cell: createCell(build), relay, clock, kid, family, job: createJob(witness), mover: createMover(build) }
}
