import { assign, setup } from 'xstate'
import { COUNTER, type CounterContext, increment } from './counter.ts'

const counter = setup({
  types: { context: {} as CounterContext, events: {} as { type: 'WORK' } },
  actions: { count: assign(increment) },
}).createMachine(COUNTER)

/** Waits for as long as it is told, once: for the error of timers. */
const alarm = setup({
  types: { context: {} as { ms: number }, events: {} as { type: 'ARM'; ms: number } },
  delays: { asTold: ({ context }) => context.ms },
}).createMachine({
  id: 'alarm',
  context: { ms: 0 },
  initial: 'idle',
  states: {
    idle: { on: { ARM: { target: 'armed', actions: assign({ ms: ({ event }) => event.ms }) } } },
    armed: { after: { asTold: 'fired' } },
    fired: {},
  },
})

/** What the benchmark's server hosts besides the platform's own: kind → machine. */
export const machines = { counter, alarm }
