import type { Facts } from '../facts.ts'
import type { Violation } from './violation.ts'

/** Why a letter may be dead: what the suite's own poison comes to. Anything else should have been applied. */
const EXPECTED = /boom|infinite loop|maxIterations|microstep|has ended|does not exist/i

/** G8, G27 and "no orphans": after the faults everything comes to rest, and only poison is laid aside. */
export function checkRest({ left, letters, actors }: Facts, limits: { connections: number }): Violation[] {
  const violations: Violation[] = []
  for (const mail of left.mail) {
    if (mail.status !== 'parked') violations.push({ rule: 'G8', what: 'mail is stuck', evidence: mail })
  }
  for (const invocation of left.invocations) {
    if (invocation.status !== 'parked') violations.push({ rule: 'G8', what: 'work is left over', evidence: invocation })
  }
  for (const letter of letters) {
    const poison = ['BOOM', 'SPIN'].includes(letter.event.type) || EXPECTED.test(letter.reason)
    if (!poison) violations.push({ rule: 'G27', what: 'a message was laid aside that is no poison', evidence: letter })
  }
  for (const { address, status, kind } of actors.values()) {
    if (status === 'parked' || status === 'error')
      violations.push({ rule: 'G23', what: `an actor is ${status}`, evidence: { address, kind } })
  }
  if (left.connections > limits.connections)
    violations.push({
      rule: 'leak',
      what: 'connections were not given back',
      evidence: { ...limits, found: left.connections },
    })
  return violations
}
