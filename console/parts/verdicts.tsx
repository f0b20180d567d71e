import './verdicts.css'
import type { Verdict } from '../api/answers.ts'
import { actorPath } from '../base/router.ts'
import { StateBadge } from './state-badge.tsx'

/** Each rule's word on an event: whether it would start a run and what its policies would make of that, or what stands against it. */
export function Verdicts({ verdicts }: { verdicts: readonly Verdict[] }) {
  if (verdicts.length === 0) return <p class="muted">No published and enabled agent has a trigger.</p>
  return (
    <ul class="said">
      {verdicts.map(({ agent, version, trigger, outcome, reason, priority, device, addresses, policies }) => (
        <li key={`${agent} ${trigger}`} data-outcome={outcome}>
          <StateBadge state={outcome} />
          <div>
            <p>
              <a href={`/agents/${encodeURIComponent(agent)}`}>{agent}</a> <span class="muted">{version}</span>
              {trigger !== '' && (
                <>
                  {' '}
                  · <code>{trigger}</code>
                </>
              )}
              {outcome === 'matched' && (
                <span class="muted">
                  {' '}
                  · priority {priority}
                  {device !== null && `, takes ${device}`}
                </span>
              )}
            </p>
            <p class="muted small">{reason}</p>
            {policies.map((policy) => (
              <p key={policy} class="muted small">
                {policy}
              </p>
            ))}
            {addresses.length > 0 && (
              <p class="small">
                goes to{' '}
                {addresses.map((address) => (
                  <a key={address} class="mono text-link" href={actorPath(address)}>
                    {address}
                  </a>
                ))}
              </p>
            )}
          </div>
        </li>
      ))}
    </ul>
  )
}
