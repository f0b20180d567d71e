import { useEffect } from 'preact/hooks'
import type { Agent, Instance, Metrics, Page } from '../../api/answers.ts'
import { pathOf } from '../../api/client.ts'
import { actorPath } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { onMove } from '../../live/live.ts'
import { useResource } from '../../live/resource.ts'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Switch } from '../../parts/switch.tsx'
import { readDefinition } from './definition.ts'
import { setEnabled } from './enabling.ts'
import { Success } from './success.tsx'
import { TriggerList } from './trigger-list.tsx'
import { useVersion } from './versions.ts'

const SHOWN_TRIGGERS = 2
const SHOWN_INSTANCES = 4

/** One agent at a glance. */
export function Card({
  agent,
  instances,
  isAt,
  onChange,
}: {
  agent: Agent
  instances: readonly Instance[]
  /** Chosen with `j k`. */
  isAt: boolean
  onChange: () => void
}) {
  const { id, name, nickname, description, tags, current, latest, status, enabled } = agent
  const version = useVersion(id, current ?? latest, current !== null)
  const definition = version && readDefinition(version.definition)
  const metrics = useMetrics(id, instances)
  const shown = current ?? latest
  return (
    <li class="agent-card" data-at={isAt || undefined} data-off={!enabled || undefined} data-id={id}>
      <div class="agent-card-head">
        <span class="agent-icon" aria-hidden="true">
          {(nickname ?? name).slice(0, 1)}
        </span>
        <div>
          <h2>
            <a class="card-link" href={`/agents/${encodeURIComponent(id)}`}>
              {nickname ?? name}
            </a>
          </h2>
          <p class="muted small clip">
            <span class="mono">{id}</span> · {shown}
          </p>
        </div>
        <span class="agent-states">
          <StateBadge state={status} />
          {current !== null && latest !== current && <StateBadge state={`draft ${latest}`} tone="wait" />}
        </span>
      </div>
      <p class="agent-about">{description || <span class="muted">No description.</span>}</p>
      {definition && <TriggerList triggers={definition.triggers} most={SHOWN_TRIGGERS} />}
      {tags.length > 0 && (
        <ul class="chips" aria-label="Tags">
          {tags.map((tag) => (
            <li key={tag}>
              <a class="chip" href={`/agents?tag=${encodeURIComponent(tag)}`}>
                {tag}
              </a>
            </li>
          ))}
        </ul>
      )}
      <div class="agent-card-foot">
        <Success metrics={metrics?.find((one) => one.version === shown)} />
        <span class="agent-instances">
          {instances.slice(0, SHOWN_INSTANCES).map(({ address, id: key, state }) => (
            <a key={key} href={actorPath(address)} title={`${key}: ${state}`}>
              <StateBadge state={state} />
              <span class="quiet"> {key}</span>
            </a>
          ))}
          {instances.length > SHOWN_INSTANCES && (
            <a href={`/instances?agent=${encodeURIComponent(id)}`} class="small">
              {instances.length} instances
            </a>
          )}
        </span>
        <Switch
          label={`${nickname ?? name} starts runs`}
          on={enabled}
          onChange={may('operator') && current !== null ? (on) => void setEnabled(agent, on, onChange) : undefined}
        />
      </div>
    </li>
  )
}

/** Read again when a run of one of its instances has ended, and not with each of its steps. */
export function useMetrics(id: string, instances: readonly Instance[]): Metrics[] | undefined {
  const metrics = useResource<Page<Metrics>>(pathOf('agents', id, 'metrics'))
  const names = instances.map(({ address }) => address.replace(/^agent\//, 'run/')).join(' ')
  useEffect(() => {
    if (names === '') return undefined
    const mine = names.split(' ')
    return onMove(['run'], ({ address, status }) => {
      if (status !== 'active' && mine.some((name) => address.startsWith(`${name}.`))) metrics.reload()
    })
  }, [metrics, names])
  return metrics.data.value?.items
}
