import { assign, setup } from 'xstate'
import { COUNTER, increment } from '../counter.ts'

/** The machine of the benchmark, built with the XState that the peers use. */
export const counter = setup({ actions: { count: assign(increment) } }).createMachine(COUNTER)
