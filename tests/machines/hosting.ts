import type { AnyStateMachine } from 'xstate'
import type { Effect, StoredSnapshot } from '../../core/effect.ts'
import type { Json } from '../../core/json.ts'
import type { MachineEvent } from '../../core/message.ts'
import { type HostedMachine, hostMachines } from '../../machines/host.ts'
import type { Identity } from '../../machines/scope.ts'
import { firstStep, step } from '../../machines/step.ts'

/** One durable actor without its runtime: each step begins and ends with JSON, as in the database. */
export interface Bench {
  readonly hosted: HostedMachine
  readonly snapshot: StoredSnapshot
  /** What the last step asked for, and whether it had a transition. */
  readonly effects: Effect[]
  readonly handled: boolean
  take(event: MachineEvent): Bench
}

/** Starts the machine as `kind/key`, by default `m/1`. */
export function start(
  machine: AnyStateMachine,
  options: { input?: Json; parent?: string; address?: string } = {},
): Bench {
  const hosted = hostMachines({ m: machine }).get('m')
  if (!hosted) throw new Error('not hosted')
  const identity: Identity = {
    address: options.address ?? 'm/1',
    parent: options.parent ?? null,
    childId: options.parent ? 'kid' : null,
    revision: 1,
  }
  let last = firstStep(hosted, identity, options.input ?? null)
  const bench: Bench = {
    hosted,
    get snapshot() {
      return last.snapshot
    },
    get effects() {
      return last.effects
    },
    get handled() {
      return last.handled
    },
    take(event) {
      identity.revision += 1
      last = step(hosted, identity, JSON.parse(JSON.stringify(last.snapshot)) as StoredSnapshot, event)
      return bench
    },
  }
  return bench
}
