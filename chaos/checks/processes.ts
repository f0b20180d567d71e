import type { Death } from '../cluster.ts'
import type { Violation } from './violation.ts'

/** How a process ends that was asked to: in good order, or at once by a second signal. */
const IN_ORDER = new Set(['exit 0', 'exit 130'])

/** A process ends when it is killed, when it has no memory left, or when it is asked to; never by an error of its own. */
export function checkProcesses(deaths: readonly Death[]): Violation[] {
  return deaths.flatMap(({ name, how, lastWords }) =>
    how.startsWith('exit') && !IN_ORDER.has(how)
      ? [{ rule: 'process', what: 'a process ended by itself', evidence: { name, how, lastWords } }]
      : [],
  )
}
