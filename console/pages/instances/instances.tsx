import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { Agent, Page } from '../../api/answers.ts'
import { withQuery } from '../../api/client.ts'
import { Icon } from '../../base/icon.tsx'
import { useShortcuts } from '../../base/keyboard.ts'
import { actorPath, navigate, path, queryOf, setQuery } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { useResource } from '../../live/resource.ts'
import { AgentSelector } from '../../parts/agent-selector.tsx'
import { AgentStatus } from '../../parts/agent-status.tsx'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { SearchField } from '../../parts/search-field.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Ago } from '../../parts/time.tsx'
import { BulkBar } from './bulk-bar.tsx'
import { createInstanceList, type Filter, type InstanceList, type Row } from './instance-list.ts'
import './instances.css'

const ROW = 48
const NONE: ReadonlySet<string> = new Set()

/** Every agent that lives, as it stands now. */
export function Instances() {
  const filter: Filter = {
    state: queryOf('state'),
    agent: queryOf('agent'),
    device: queryOf('device'),
    q: queryOf('q'),
  }
  const { state, agent, device, q } = filter
  const list = useMemo(() => createInstanceList(filter), [state, agent, device, q])
  const picked = useSignal(NONE)
  const starting = useSignal(false)
  useEffect(() => list.open(), [list])
  const operates = may('operator')
  useShortcuts(operates ? [{ keys: 'n', label: 'Start an agent', run: () => (starting.value = true) }] : [])
  const rows = list.rows.value
  return (
    <>
      <PageHead title="Instances" count={list.counts.value === undefined ? '' : rows.length.toLocaleString('en')}>
        <SearchField label="Filter by name" />
        <AgentFilter agent={agent} />
        {operates && (
          <button type="button" class="button primary" title="n" onClick={() => (starting.value = true)}>
            <Icon name="plus" size={14} /> Start an agent
          </button>
        )}
      </PageHead>
      <States list={list} state={state} device={device} />
      {picked.value.size > 0 && (
        <BulkBar picked={picked.value} onClear={() => (picked.value = NONE)} onDone={list.reload} />
      )}
      {rows.length > 0 ? (
        <Table
          label="Instances"
          columns={COLUMNS}
          rows={rows}
          keyOf={idOf}
          hrefOf={hrefOf}
          rowHeight={ROW}
          {...(operates ? { picked: picked.value, onPick: (next: ReadonlySet<string>) => (picked.value = next) } : {})}
        />
      ) : (
        <Nothing list={list} filter={filter} onStart={() => (starting.value = true)} />
      )}
      <footer class="page-foot">
        <CurlHint path={withQuery('/v1/instances', { state, agent, device, q })} />
      </footer>
      {starting.value && <AgentSelector onClose={() => (starting.value = false)} />}
    </>
  )
}

const idOf = (row: Row): string => row.peek().id
const hrefOf = (row: Row): string => actorPath(row.peek().address)

/** Each cell reads its row's signal itself: what a step changes is drawn, and nothing around it. */
const COLUMNS: readonly Column<Row>[] = [
  { id: 'name', label: 'Instance', width: 'minmax(11rem, 1.1fr)', cell: (row) => <Name row={row} /> },
  {
    id: 'state',
    label: 'State, and what it waits for',
    width: 'minmax(14rem, 2.4fr)',
    cell: (row) => <Status row={row} />,
  },
  { id: 'runs', label: 'Runs', width: '10rem', cell: (row) => <Runs row={row} /> },
  { id: 'backlog', label: 'Backlog', width: '4.5rem', align: 'right', cell: (row) => <Backlog row={row} /> },
  { id: 'agent', label: 'Agent', width: 'minmax(7rem, 0.8fr)', cell: (row) => <AgentName row={row} /> },
  { id: 'changed', label: 'Changed', width: '7.5rem', align: 'right', cell: (row) => <Changed row={row} /> },
]

function Name({ row }: { row: Row }) {
  const { nickname, name, id } = row.value
  return (
    <>
      {nickname ?? name} <span class="second muted mono">{id}</span>
    </>
  )
}

function Status({ row }: { row: Row }) {
  return <AgentStatus instance={row.value} />
}

function Runs({ row }: { row: Row }) {
  const { active, succeeded, failed, aborted } = row.value.runs
  const done = succeeded + failed + aborted
  if (active + done === 0) return <span class="muted">none yet</span>
  return (
    <span class="number" title={`${active} active, ${succeeded} succeeded, ${failed} failed, ${aborted} aborted`}>
      {active > 0 && <strong>{active} active </strong>}
      <span class="muted">
        {succeeded} ok{failed > 0 ? ', ' : ''}
      </span>
      {failed > 0 && <span class="bad">{failed} failed</span>}
    </span>
  )
}

function Backlog({ row }: { row: Row }) {
  return <span class={`number ${row.value.backlog === 0 ? 'muted' : ''}`}>{row.value.backlog}</span>
}

function AgentName({ row }: { row: Row }) {
  return (
    <span class="mono muted">
      {row.value.agent} {row.value.version}
    </span>
  )
}

function Changed({ row }: { row: Row }) {
  return (
    <span class="muted">
      <Ago at={row.value.updatedAt} />
    </span>
  )
}

/** How many stand in each state; one press shows only those. */
function States({ list, state, device }: { list: InstanceList; state: string; device: string }) {
  const counts = Object.entries(list.counts.value ?? {}).sort(([, a], [, b]) => b - a)
  const all = counts.reduce((sum, [, count]) => sum + count, 0)
  // A state that nobody is in any more still shows why the list is empty.
  const shown = state !== '' && !counts.some(([name]) => name === state) ? [...counts, [state, 0] as const] : counts
  return (
    <div class="chips filter-bar" role="group" aria-label="States">
      <button type="button" class="chip" aria-pressed={state === ''} onClick={() => setQuery({ state: '' })}>
        All <span class="number">{all}</span>
      </button>
      {shown.map(([name, count]) => (
        <button
          key={name}
          type="button"
          class="chip"
          aria-pressed={state === name}
          onClick={() => setQuery({ state: state === name ? '' : name })}
        >
          {name} <span class="number">{count}</span>
        </button>
      ))}
      {device !== '' && (
        <button type="button" class="chip" aria-pressed="true" onClick={() => setQuery({ device: '' })}>
          on {device} <Icon name="close" size={10} />
        </button>
      )}
    </div>
  )
}

function AgentFilter({ agent }: { agent: string }) {
  const agents = useResource<Page<Agent>>('/v1/agents').data.value?.items ?? []
  return (
    <select aria-label="Agent" value={agent} onChange={(event) => setQuery({ agent: event.currentTarget.value })}>
      <option value="">All agents</option>
      {agents.map(({ id, nickname, name }) => (
        <option key={id} value={id}>
          {nickname ?? name} ({id})
        </option>
      ))}
    </select>
  )
}

function Nothing({ list, filter, onStart }: { list: InstanceList; filter: Filter; onStart(): void }) {
  if (list.error.value) {
    return (
      <EmptyState title="The list could not be read" icon="alert">
        <p>{list.error.value.message}</p>
        <button type="button" class="button" onClick={list.reload}>
          Try again
        </button>
      </EmptyState>
    )
  }
  if (list.counts.value === undefined) return <p class="empty">Reading…</p>
  if (Object.values(filter).some((value) => value !== '')) {
    return (
      <EmptyState title="Nothing matches" icon="search">
        <p>No instance fits this filter now. One that comes to fit it appears here by itself.</p>
        <button type="button" class="button" onClick={() => navigate(path.peek(), { replace: true })}>
          Show all
        </button>
      </EmptyState>
    )
  }
  return (
    <EmptyState title="No agent lives here yet" icon="agents">
      <p>
        An instance of a published agent listens for events and starts runs. Start one, then send an event that it waits
        for.
      </p>
      {may('operator') && (
        <button type="button" class="button primary" onClick={onStart}>
          Start an agent
        </button>
      )}
    </EmptyState>
  )
}
