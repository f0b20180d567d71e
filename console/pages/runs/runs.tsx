import type { Agent, Device, Page, Run } from '../../api/answers.ts'
import { withQuery } from '../../api/client.ts'
import { queryOf } from '../../base/router.ts'
import { useResource } from '../../live/resource.ts'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { ChipFacet, ClearFacets, SelectFacet } from '../../parts/facets.tsx'
import { useFeed } from '../../parts/feed.ts'
import { FeedTable } from '../../parts/feed-table.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import type { Column } from '../../parts/table.tsx'
import { Ago, Duration } from '../../parts/time.tsx'
import { WaitsFor } from '../../parts/waits-for.tsx'
import '../../parts/lists.css'

const FILTERS = ['agent', 'device', 'instance', 'outcome'] as const

const OUTCOMES = [
  { value: '', label: 'All' },
  { value: 'none', label: 'Going on' },
  { value: 'succeeded', label: 'Succeeded' },
  { value: 'failed', label: 'Failed' },
  { value: 'timedOut', label: 'Timed out' },
  { value: 'aborted', label: 'Aborted' },
]

const COLUMNS: readonly Column<Run>[] = [
  { id: 'state', label: 'State', width: '11rem', cell: (run) => <RunState run={run} /> },
  { id: 'agent', label: 'Agent', width: 'minmax(8rem, 1fr)', cell: ({ agent }) => agent },
  { id: 'event', label: 'Because of', width: 'minmax(11rem, 1.4fr)', cell: ({ event }) => event.type },
  { id: 'device', label: 'Device', width: 'minmax(6rem, 0.7fr)', cell: ({ device }) => device ?? '–' },
  { id: 'line', label: 'Waits for, or ended with', width: 'minmax(12rem, 2fr)', cell: (run) => <Line run={run} /> },
  { id: 'priority', label: 'Priority', width: '4rem', align: 'right', cell: ({ priority }) => priority },
  { id: 'started', label: 'Started', width: '7.5rem', align: 'right', cell: ({ startedAt }) => <Ago at={startedAt} /> },
  {
    id: 'took',
    label: 'Took',
    width: '5.5rem',
    align: 'right',
    cell: ({ startedAt, endedAt }) => <Duration from={startedAt} to={endedAt} />,
  },
]

/** Every piece of work, the newest first. */
export function Runs() {
  const query = Object.fromEntries(FILTERS.map((name) => [name, queryOf(name)]))
  const path = withQuery('/v1/runs', query)
  const feed = useFeed<Run>(path, { keyOf: ({ id }) => id, on: ['run'] })
  const agents = useResource<Page<Agent>>('/v1/agents').data.value?.items ?? []
  const devices = useResource<Page<Device>>('/v1/devices').data.value?.items ?? []
  const rows = feed.items.value
  const filtered = FILTERS.some((name) => query[name] !== '')
  return (
    <>
      <PageHead title="Runs" count={rows && `${rows.length.toLocaleString('en')}${feed.more.value ? '+' : ''}`}>
        <ChipFacet name="outcome" label="Outcome" choices={OUTCOMES} />
        <SelectFacet name="agent" label="Agent" choices={agents.map(({ id }) => ({ value: id, label: id }))} />
        <SelectFacet name="device" label="Device" choices={devices.map(({ id }) => ({ value: id, label: id }))} />
        <ClearFacets names={FILTERS} />
      </PageHead>
      <FeedTable
        label="Runs"
        word="run"
        feed={feed}
        columns={COLUMNS}
        keyOf={({ id }) => id}
        hrefOf={({ id }) => `/runs/${encodeURIComponent(id)}`}
        empty={filtered ? <NoneLikeThis /> : <NoneYet />}
      />
      <footer class="page-foot">
        <CurlHint path={path} />
      </footer>
    </>
  )
}

/** How a run ended, or where it stands. */
export function RunState({ run: { outcome, state } }: { run: Pick<Run, 'outcome' | 'state'> }) {
  return <StateBadge state={outcome ?? state.split('.').at(-1) ?? state} />
}

function Line({ run: { outcome, reason, address } }: { run: Run }) {
  if (outcome === null) return <WaitsFor address={address} />
  return <span title={reason ?? undefined}>{reason ?? <span class="muted">–</span>}</span>
}

function NoneYet() {
  return (
    <EmptyState title="No agent has worked yet" icon="runs">
      <p>
        A run begins when an event comes that a trigger of an agent matches. See who would answer to one with a{' '}
        <a href="/events/dry-run">dry run</a>, or take the picture away from a device of the simulated lab and watch.
      </p>
    </EmptyState>
  )
}

function NoneLikeThis() {
  return (
    <EmptyState title="No run is like this" icon="search">
      <p>Other runs may be: take a filter away.</p>
      <ClearFacets names={FILTERS} />
    </EmptyState>
  )
}
