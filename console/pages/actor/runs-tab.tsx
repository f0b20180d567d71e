import type { Page, Run } from '../../api/answers.ts'
import { withQuery } from '../../api/client.ts'
import { actorPath } from '../../base/router.ts'
import { useResource } from '../../live/resource.ts'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Ago, Duration } from '../../parts/time.tsx'
import type { TabProps } from './tab.ts'

/** What this agent did lately. */
export function RunsTab({ name }: TabProps) {
  const runs = useResource<Page<Run>>(withQuery('/v1/runs', { instance: name, limit: 50 }), ['run']).data.value
  if (!runs) return <p class="muted">Reading…</p>
  if (runs.items.length === 0) {
    return <p class="muted">No runs yet: the first event that one of its triggers matches starts one.</p>
  }
  return (
    <ul class="actor-cards">
      {runs.items.map((run) => (
        <li key={run.id}>
          <a href={actorPath(run.address)} class="clip">
            {run.event.type}
          </a>
          <StateBadge state={run.outcome ?? run.state} />
          <span class="muted clip">{run.device ?? 'no device'}</span>
          <span class="muted">
            <Ago at={run.startedAt} />, <Duration from={run.startedAt} to={run.endedAt} />
          </span>
        </li>
      ))}
    </ul>
  )
}
