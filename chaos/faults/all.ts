import type { Fault } from '../nemesis.ts'
import { PROCESS_FAULTS } from './processes.ts'

/** The rows of the fault matrix that can be struck here. */
export const FAULTS: readonly Fault[] = [...PROCESS_FAULTS]
