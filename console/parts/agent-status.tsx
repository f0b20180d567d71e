import type { Instance } from '../api/answers.ts'
import { StateBadge } from './state-badge.tsx'

/** Where an agent stands, and in one line what it waits for. */
export function AgentStatus({ instance: { state, waitingFor } }: { instance: Pick<Instance, 'state' | 'waitingFor'> }) {
  return (
    <span class="agent-status">
      <StateBadge state={state} />
      <span class="muted clip" title={waitingFor}>
        {waitingFor}
      </span>
    </span>
  )
}
