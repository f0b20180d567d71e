import type { Active } from '../agent-task.ts'
import { beginQuiet } from './cooldown.ts'
import type { Desk } from './desk.ts'

/** A run has ended for good, or, with `again`, infrastructure spoilt it and it is tried once more. */
export function leave(desk: Desk, ended: Active, again: boolean): void {
  const of = ended.task.eventId
  if (again) return
  desk.policy = { ...desk.policy, ending: desk.policy.ending.filter((one) => one.of !== of) }
  beginQuiet(desk, ended, 'run.end')
}
