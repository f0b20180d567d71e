import type { Gate } from '../agent-backlog.ts'
import type { AgentContext } from '../agent-protocol.ts'
import type { Active } from '../agent-task.ts'
import { openRuns } from './concurrency.ts'
import { beginQuiet, quietUntil } from './cooldown.ts'
import { type Desk, earliest, isPoliced, openDesk, say, waiting } from './desk.ts'
import { countStart, limitedUntil } from './limits.ts'
import type { Policed } from './state.ts'

/** Undefined where no policy has a say: most agents. */
export function createGate(context: AgentContext, at: number): Gate | undefined {
  if (!context.backlog.some(isPoliced)) return undefined
  const desk = openDesk(context, at)
  return {
    letIn(one) {
      if (!isPoliced(one) || one.policy.admitted) return true
      if (refusal(desk, one) !== undefined) return false
      const admitted = { ...one, run: '', preempted: false, policy: { ...one.policy, admitted: true as const } }
      desk.backlog = desk.backlog.filter((other) => other !== one)
      desk.active = [...desk.active, admitted]
      countStart(desk, admitted)
      beginQuiet(desk, admitted, 'run.start')
      return true
    },
  }
}

/** Books the starts that the gate let in: from now on they count, and who had to wait for them hears so. */
export function bookStarts(desk: Desk, started: readonly Active[]): Active[] {
  return started.map((one) => {
    if (!isPoliced(one) || one.policy.admitted) return one
    const { told, ...mark } = one.policy
    const admitted = { ...one, policy: { ...mark, admitted: true as const } }
    desk.active = desk.active.map((other) => (other === one ? admitted : other))
    countStart(desk, admitted)
    if (told) say(desk, admitted, 'started', mark.count > 1 ? `for ${mark.count} events` : 'nothing holds it any more')
    beginQuiet(desk, admitted, 'run.start')
    return admitted
  })
}

/** When something in the backlog may start that may not now; undefined: time alone changes nothing. */
export function nextChanceAt(desk: Desk): number | undefined {
  return earliest(
    waiting(desk).flatMap((one) => {
      const times = [quietUntil(desk, one), limitedUntil(desk, one)].filter((time) => time !== undefined)
      return times.length === 0 ? [] : [Math.max(...times)]
    }),
  )
}

function refusal(desk: Desk, one: Policed): 'quiet' | 'limit' | 'open' | undefined {
  if (quietUntil(desk, one) !== undefined) return 'quiet'
  if (limitedUntil(desk, one) !== undefined) return 'limit'
  const { concurrency } = one.policy.terms
  return concurrency && openRuns(desk, concurrency.key) >= concurrency.max ? 'open' : undefined
}
