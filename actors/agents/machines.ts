import { fromPromise } from 'xstate'
import type { Address } from '../../core/address.ts'
import { agent } from '../../machines/agent.ts'
import { alert } from '../../machines/alert.ts'
import { device } from '../../machines/device.ts'
import { lock } from '../../machines/lock.ts'
import { run } from '../../machines/run.ts'
import type { Lease, StepInput, StepOutcome } from '../../machines/run-protocol.ts'

/** The work that the machines ask for. */
export interface Work {
  step(input: StepInput, signal: AbortSignal): Promise<StepOutcome>
  /** Brings a device back to its home state; rejects when it cannot. `owner` names who asks, for the gateway's journal. */
  clean(lease: Lease, owner: string, signal: AbortSignal): Promise<void>
}

/** The platform's machines with their work put in. */
export function platformMachines(work: Work) {
  const cleanup = fromPromise<null, { run: Address; lease: Lease }>(async ({ input, signal }) => {
    await work.clean(input.lease, input.run, signal)
    return null
  })
  const step = fromPromise<StepOutcome, StepInput>(({ input, signal }) => work.step(input, signal))
  const working = run.provide({ actors: { step, cleanup } })
  const poolCleanup = fromPromise<unknown, Lease>(({ input, signal }) => work.clean(input, 'lock', signal))
  return {
    agent: agent.provide({ actors: { run: working } }),
    run: working,
    lock: lock.provide({ actors: { cleanup: poolCleanup } }),
    device,
    alert,
  }
}

/** Mail that overtakes everything else in a mailbox: a flood of events must not delay a stop. */
export const CONTROLS = {
  agent: ['PAUSE', 'RESUME', 'STOP', 'START', 'RETRY', 'SKIP', 'RESET'],
  run: ['PAUSE', 'RESUME', 'PREEMPT', 'CANCEL', 'APPROVE', 'DENY', 'RETRY', 'SKIP'],
  lock: ['KICK'],
} as const
