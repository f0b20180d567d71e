import type { Instance, Page } from '../../api/answers.ts'
import { useResource } from '../../live/resource.ts'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Ago } from '../../parts/time.tsx'
import { actorPath } from '../../shell/router.ts'

const COLUMNS: readonly Column<Instance>[] = [
  { id: 'name', label: 'Instance', width: 'minmax(12rem, 1.2fr)', cell: ({ nickname, name }) => nickname ?? name },
  { id: 'state', label: 'State', width: '9rem', cell: ({ state }) => <StateBadge state={state} /> },
  { id: 'waits', label: 'Waits for', width: 'minmax(12rem, 2fr)', cell: ({ waitingFor }) => waitingFor },
  { id: 'changed', label: 'Changed', width: '8rem', align: 'right', cell: ({ updatedAt }) => <Ago at={updatedAt} /> },
]

/** Every agent that lives, as it stands now. */
export function Instances() {
  const { data } = useResource<Page<Instance>>('/v1/instances?limit=500', ['agent', 'run'])
  const rows = data.value?.items ?? []
  return (
    <>
      <PageHead title="Instances" count={rows.length} />
      <Table
        label="Instances"
        columns={COLUMNS}
        rows={rows}
        keyOf={({ id }) => id}
        hrefOf={({ address }) => actorPath(address)}
      />
      <footer class="page-foot">
        <CurlHint path="/v1/instances" />
      </footer>
    </>
  )
}
