import { setTimeout as pause } from 'node:timers/promises'
import { assign, createMachine, fromPromise, sendTo, setup } from 'xstate'
import { currentInvocation } from '../../../actors/work/promise.ts'
import { actorAt } from '../../../machines/ref.ts'

/** Counts what it is told, passes some of it on, and can run something long. */
export function machines(report: (what: object) => void) {
  const counter = createMachine({
    context: { count: 0, seen: [] as number[] },
    on: {
      ADD: {
        actions: assign(({ context, event }) => ({
          count: context.count + 1,
          seen: [...context.seen, (event as unknown as { n: number }).n],
        })),
      },
      PASS: {
        actions: [
          assign({ count: ({ context }) => context.count + 1 }),
          sendTo(
            ({ event }) => actorAt((event as unknown as { to: string }).to),
            ({ event }) => ({ type: 'ADD', n: (event as unknown as { n: number }).n }),
          ),
        ],
      },
    },
  })
  const egg = createMachine({
    initial: 'cooking',
    states: { cooking: { after: { 700: 'cooked' } }, cooked: {} },
  })
  const job = setup({
    actors: {
      work: fromPromise<unknown, { ms: number }>(async ({ input, signal }) => {
        const attempts = currentInvocation()?.attempts
        report({ began: attempts, pid: process.pid })
        await pause(input.ms, undefined, { signal })
        return { attempts, pid: process.pid }
      }),
    },
  }).createMachine({
    context: ({ input }) => ({ ms: (input as { ms: number }).ms, got: null as unknown }),
    initial: 'busy',
    states: {
      busy: {
        invoke: {
          id: 'work',
          src: 'work',
          input: ({ context }) => ({ ms: (context as { ms: number }).ms }),
          onDone: { target: 'done', actions: assign({ got: ({ event }) => event.output }) },
        },
      },
      done: {},
    },
  })
  const killer = setup({
    actors: {
      work: fromPromise<unknown, { deadly: boolean; ms: number }>(async ({ input, signal }) => {
        report({ began: currentInvocation()?.attempts, deadly: input.deadly })
        await pause(input.ms, undefined, { signal })
        if (input.deadly) process.kill(process.pid, 'SIGKILL')
        return 'lived'
      }),
    },
  }).createMachine({
    context: ({ input }) => ({ ...(input as { deadly: boolean; ms: number }), got: null as unknown }),
    initial: 'busy',
    states: {
      busy: {
        invoke: {
          id: 'work',
          src: 'work',
          input: ({ context }) => context as { deadly: boolean; ms: number },
          onDone: { target: 'done', actions: assign({ got: ({ event }) => event.output }) },
          onError: { target: 'failed', actions: assign({ got: ({ event }) => event.error }) },
        },
      },
      done: {},
      failed: {},
    },
  })
  return { counter, egg, job, killer }
}
