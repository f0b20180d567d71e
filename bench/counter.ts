/**
 * The machine that every contestant runs: an event takes it idle → running → idle and is counted on the way. Plain data,
 * so that each contestant can build it with the XState of its own installation.
 */
export const COUNTER = {
  id: 'counter',
  context: { count: 0 },
  initial: 'idle',
  states: {
    idle: { on: { WORK: 'running' } },
    running: { entry: 'count', always: 'idle' },
  },
} as const

export interface CounterContext {
  count: number
}

export const increment = ({ context }: { context: CounterContext }): CounterContext => ({ count: context.count + 1 })
