import type { InstanceRow } from '../../../db/instances.ts'
import type { ActorChange } from '../../../db/turn-commit.ts'
import type { AgentContext } from '../../../machines/agent-protocol.ts'
import { contextOf, stateOf } from '../actor-change.ts'

/** What an instance says of itself in a turn, as the row that people query. */
export function instanceRow(change: ActorChange): InstanceRow {
  const { agent, settings, backlog, active, succeeded, failures, aborted } = contextOf<AgentContext>(change)
  const { address, team, key } = change
  const state = stateOf(change)
  return {
    address,
    team,
    id: key,
    agent,
    version: settings.version,
    state,
    live: change.status === 'active' && state !== 'stopped' && state !== 'stopping',
    waiting: backlog.length,
    running: active.length,
    succeeded,
    failed: failures,
    aborted,
  }
}
