import type { runRows } from '../../../db/runs.ts'
import type { ActorChange } from '../../../db/turn-commit.ts'
import type { RunContext } from '../../../machines/run-protocol.ts'
import { contextOf, stateOf } from '../actor-change.ts'

/** What a run says of itself in a turn, as the row that people query. */
export function runRow(change: ActorChange): Parameters<typeof runRows>[1][number] {
  const { agent, version, instance, task, result } = contextOf<RunContext>(change)
  const { address, team, key } = change
  const ended = change.status !== 'active'
  return {
    address,
    team,
    id: key,
    agent,
    version,
    instance,
    event: { id: task.eventId, type: task.eventType },
    device: task.device,
    priority: task.priority,
    state: stateOf(change),
    // A run that its agent stopped outright, or whose machine failed, was aborted.
    outcome: change.status === 'done' ? result.outcome : ended ? 'aborted' : null,
    reason: ended ? result.reason : null,
  }
}
