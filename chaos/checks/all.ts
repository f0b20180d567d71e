import type { Facts } from '../facts.ts'
import { checkDelivery } from './delivery.ts'
import { checkEffects } from './effects.ts'
import { checkInvocations } from './invocations.ts'
import { checkLinearity } from './linear.ts'
import { checkLocks } from './locks.ts'
import { checkRest } from './rest.ts'
import { checkRevisions } from './revisions.ts'
import { checkTimers } from './timers.ts'
import type { Violation } from './violation.ts'

/** Everything that ARCHITECTURE.md promises, asked of the facts of one run. */
export function checkAll(facts: Facts, limits: { connections: number }): Violation[] {
  return [
    ...checkDelivery(facts),
    ...checkRevisions(facts),
    ...checkEffects(facts),
    ...checkTimers(facts),
    ...checkInvocations(facts),
    ...checkLocks(facts),
    ...checkLinearity(facts.lockCalls),
    ...checkRest(facts, limits),
  ]
}
