import '../../parts/lists.css'
import './agents.css'
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Agent, Instance, Page } from '../../api/answers.ts'
import { Icon } from '../../base/icon.tsx'
import { useShortcuts } from '../../base/keyboard.ts'
import { navigate, queryOf } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { useResource } from '../../live/resource.ts'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { ChipFacet, ClearFacets, SelectFacet } from '../../parts/facets.tsx'
import { Loading, LoadProblem } from '../../parts/load-state.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { SearchField } from '../../parts/search-field.tsx'
import { useEvery } from '../../parts/settled.ts'
import { Card } from './card.tsx'

const FILTERS = ['q', 'status', 'tag']
/** The registry tells of no change by itself. */
const EVERY_MS = 10_000
/** Cards drawn before more are asked for. */
const FIRST = 60

/** The registry: every agent there is, what it listens to and how well it does. */
export function Agents() {
  const agents = useResource<Page<Agent>>('/v1/agents')
  const instances = useResource<Page<Instance>>('/v1/instances?limit=500', ['agent'])
  useEvery(EVERY_MS, agents.reload)
  const all = agents.data.value?.items
  const [q, status, tag] = [queryOf('q').toLowerCase(), queryOf('status'), queryOf('tag')]
  const found = (all ?? []).filter(
    (agent) =>
      `${agent.id} ${agent.name} ${agent.nickname ?? ''} ${agent.description}`.toLowerCase().includes(q) &&
      (tag === '' || agent.tags.includes(tag)),
  )
  const shown = found.filter((agent) => status === '' || agent.status === status)
  const count = (wanted: string): number => found.filter((agent) => agent.status === wanted).length
  const byAgent = Map.groupBy(instances.data.value?.items ?? [], ({ agent }) => agent)
  return (
    <>
      <PageHead title="Agents" count={all?.length}>
        {all?.length !== 0 && (
          <>
            <SearchField label="Search agents" />
            <SelectFacet name="tag" label="Tag" choices={tagsOf(all ?? [])} />
            <ChipFacet
              name="status"
              label="Status"
              choices={['published', 'draft', 'deprecated'].map((value) => ({
                value,
                label: value,
                count: count(value),
              }))}
            />
          </>
        )}
        {may('operator') && (
          <a class="button primary" href="/agents/-/new">
            <Icon name="plus" size={14} /> New agent
          </a>
        )}
      </PageHead>
      {!all && (agents.error.value ? <LoadProblem error={agents.error.value} onRetry={agents.reload} /> : <Loading />)}
      {all?.length === 0 && <NoAgents />}
      {all && all.length > 0 && shown.length === 0 && (
        <EmptyState title="No agent fits these filters" icon="search">
          <p>Ids, names and descriptions are searched.</p>
          <ClearFacets names={FILTERS} />
        </EmptyState>
      )}
      {shown.length > 0 && (
        <Cards key={`${q} ${status} ${tag}`} agents={shown} byAgent={byAgent} onChange={agents.reload} />
      )}
      <footer class="page-foot">
        <CurlHint path="/v1/agents" />
      </footer>
    </>
  )
}

function Cards({
  agents,
  byAgent,
  onChange,
}: {
  agents: readonly Agent[]
  byAgent: ReadonlyMap<string, readonly Instance[]>
  onChange: () => void
}) {
  const list = useRef<HTMLUListElement>(null)
  const at = useSignal(-1)
  const most = useSignal(FIRST)
  const move = (by: number): void => {
    at.value = Math.max(0, Math.min(agents.length - 1, at.value + by))
    if (at.value >= most.value) most.value += FIRST
  }
  const open = (): void => {
    const agent = agents[at.value]
    if (agent) navigate(`/agents/${encodeURIComponent(agent.id)}`)
  }
  useShortcuts([
    { keys: 'j', label: 'Next agent', run: () => move(1) },
    { keys: 'k', label: 'Agent before', run: () => move(-1) },
    { keys: 'Enter', label: 'Open the agent', run: open },
  ])
  useEffect(() => {
    list.current?.querySelector('[data-at]')?.scrollIntoView({ block: 'nearest' })
  }, [at.value])
  return (
    <div class="agent-cards-box" role="region" aria-label="Agents" tabIndex={0}>
      <ul class="agent-cards" ref={list}>
        {agents.slice(0, most.value).map((agent, index) => (
          <Card
            key={agent.id}
            agent={agent}
            instances={byAgent.get(agent.id) ?? []}
            isAt={index === at.value}
            onChange={onChange}
          />
        ))}
      </ul>
      {agents.length > most.value && (
        <button type="button" class="button" onClick={() => (most.value += FIRST)}>
          Show {Math.min(FIRST, agents.length - most.value)} more of {agents.length - most.value}
        </button>
      )}
    </div>
  )
}

function NoAgents() {
  return (
    <EmptyState title="No agents yet" icon="agents">
      <p>
        An agent is a short YAML file: what it listens to, what it may do, and its steps. Start from a small one that
        works, or put files into <code>agent-templates/</code>.
      </p>
      {may('operator') && (
        <a class="button primary" href="/agents/-/new">
          Write the first agent
        </a>
      )}
    </EmptyState>
  )
}

function tagsOf(agents: readonly Agent[]): { value: string; label: string; count: number }[] {
  const tags = agents.flatMap((agent) => agent.tags)
  return [...new Set(tags)]
    .toSorted()
    .map((value) => ({ value, label: value, count: tags.filter((tag) => tag === value).length }))
}
