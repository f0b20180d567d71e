import type { Json } from '../../../core/json.ts'
import { activePaths } from '../../../machines/describe.ts'
import type { RunPhase, RunTiming } from './runs-api.ts'

/** States in which a run waits for its device; the others work, or wait for a person or a pause. */
const QUEUED = new Set(['starting', 'waitingForDevice', 'preempted'])
const WORKING = new Set(['holding.executing', 'holding.cleaning'])

/** How long a run was in each state, and what of it was waiting for the device, working, or standing still. */
export function timingOf(
  states: readonly { value: Json; at: Date }[],
  end: Date,
): { phases: RunPhase[]; timing: RunTiming } {
  const phases = states.map(({ value, at }, index): RunPhase => {
    const until = states[index + 1]?.at ?? end
    const ms = Math.max(0, until.getTime() - at.getTime())
    return { state: activePaths(value).at(-1) ?? '', startedAt: at, ms }
  })
  const sum = (fits: (state: string) => boolean): number =>
    phases.reduce((total, { state, ms }) => total + (fits(state) ? ms : 0), 0)
  const queuedMs = sum((state) => QUEUED.has(state))
  const workingMs = sum((state) => WORKING.has(state))
  return { phases, timing: { queuedMs, workingMs, idleMs: sum(() => true) - queuedMs - workingMs } }
}
