import type { Verdict } from '../../api/answers.ts'
import { EmptyState } from '../../parts/empty-state.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { countText } from '../../parts/words.ts'
import { actorPath } from '../../shell/router.ts'

/** What each rule says of an event: those that would start something first, then the others with what stood against it. */
export function Verdicts({ verdicts }: { verdicts: readonly Verdict[] }) {
  if (verdicts.length === 0) {
    return (
      <EmptyState title="There are no rules" icon="agents">
        <p>No agent is published, so nobody listens to anything yet.</p>
      </EmptyState>
    )
  }
  const matched = verdicts.filter(({ outcome }) => outcome === 'matched')
  const others = verdicts.filter(({ outcome }) => outcome !== 'matched')
  return (
    <div class="verdicts">
      <p class="small" role="status">
        {matched.length === 0
          ? `None of ${countText(verdicts.length, 'rule')} takes it.`
          : `${countText(matched.length, 'rule takes', 'rules take')} it, ${others.length} ${others.length === 1 ? 'does' : 'do'} not.`}
      </p>
      <ul class="rows verdict-rows">
        {[...matched, ...others].map((verdict) => (
          <Line key={`${verdict.agent} ${verdict.trigger}`} verdict={verdict} />
        ))}
      </ul>
    </div>
  )
}

function Line({
  verdict: { agent, version, trigger, outcome, reason, priority, device, addresses, policies },
}: {
  verdict: Verdict
}) {
  const matched = outcome === 'matched'
  return (
    <li data-outcome={outcome}>
      <StateBadge state={outcome} />
      <span>
        <strong>{agent}</strong> <span class="muted">{version}</span>
        {trigger !== '' && ` · ${trigger}`}
      </span>
      <span class="verdict-reason">
        {reason}
        {matched && (
          <span class="muted small">
            {addresses.map((address) => (
              <a key={address} class="text-link" href={actorPath(address)}>
                {address}
              </a>
            ))}
            {`, priority ${priority}`}
            {device !== null && `, takes ${device}`}
          </span>
        )}
        {policies.map((policy) => (
          <span key={policy} class="muted small">
            {policy}
          </span>
        ))}
      </span>
    </li>
  )
}
