import type { Fault } from '../nemesis.ts'
import { AIMED_FAULTS } from './aimed.ts'
import { CLOCK_FAULTS } from './clocks.ts'
import { LOAD_FAULTS } from './load.ts'
import { NETWORK_FAULTS } from './network.ts'
import { POSTGRES_FAULTS } from './postgres.ts'
import { POSTGRES_DISK_FAULTS } from './postgres-disk.ts'
import { POSTGRES_IDLE_FAULTS } from './postgres-idle.ts'
import { PROCESS_FAULTS } from './processes.ts'
import { READER_FAULTS } from './readers.ts'
import { REDIS_FAULTS } from './redis.ts'
import { REDIS_LOSS_FAULTS } from './redis-loss.ts'

/** The rows of the fault matrix that can be struck here. */
export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...AIMED_FAULTS,
  ...REDIS_FAULTS,
  ...REDIS_LOSS_FAULTS,
  ...POSTGRES_FAULTS,
  ...POSTGRES_DISK_FAULTS,
  ...POSTGRES_IDLE_FAULTS,
  ...NETWORK_FAULTS,
  ...CLOCK_FAULTS,
  ...LOAD_FAULTS,
  ...READER_FAULTS,
]
