import '../../parts/lists.css'
import './agents.css'
import { useSignal } from '@preact/signals'
import type { Agent, AgentVersion, Page } from '../../api/answers.ts'
import { pathOf } from '../../api/client.ts'
import { Icon } from '../../base/icon.tsx'
import type { Params } from '../../base/page.ts'
import { queryOf } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { useResource } from '../../live/resource.ts'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { DetailHead } from '../../parts/detail-head.tsx'
import { Loading, LoadProblem } from '../../parts/load-state.tsx'
import { useEvery } from '../../parts/settled.ts'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Switch } from '../../parts/switch.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import type { AgentTab } from './agent-tab.ts'
import { DefinitionTab } from './definition-tab.tsx'
import { DryRunTab } from './dry-run-tab.tsx'
import { setEnabled } from './enabling.ts'
import { OverviewTab } from './overview-tab.tsx'
import { StartDialog } from './start-dialog.tsx'
import { VersionsTab } from './versions-tab.tsx'

const EVERY_MS = 10_000

/** One agent: what it is, its definition and all versions of it, and whether it would hear an event. */
export function AgentPage({ params: { id = '' } }: { params: Params }) {
  const agent = useResource<Agent>(pathOf('agents', id))
  const versions = useResource<Page<AgentVersion>>(pathOf('agents', id, 'versions'))
  const starting = useSignal(false)
  const reload = (): void => {
    agent.reload()
    versions.reload()
  }
  useEvery(EVERY_MS, agent.reload)
  const found = agent.data.value
  const all = versions.data.value?.items
  const error = agent.error.value ?? versions.error.value
  const back = { href: '/agents', label: 'Agents' }
  if (!found || !all) {
    return (
      <>
        <DetailHead back={back} title={id} />
        {error ? <LoadProblem error={error} onRetry={reload} /> : <Loading />}
      </>
    )
  }
  const { name, nickname, current, enabled, status } = found
  const tab: AgentTab = { agent: found, versions: all, reload }
  return (
    <>
      <DetailHead
        back={back}
        title={nickname ?? name}
        state={
          <>
            <StateBadge state={status} /> <span class="mono muted">{id}</span>
          </>
        }
      >
        <Switch
          label={`${nickname ?? name} starts runs`}
          on={enabled}
          onChange={may('operator') && current !== null ? (on) => void setEnabled(found, on, reload) : undefined}
        />
        {may('operator') && current !== null && (
          <button type="button" class="button" onClick={() => (starting.value = true)}>
            <Icon name="play" size={14} /> Start an instance
          </button>
        )}
      </DetailHead>
      <Tabs
        label="Agent"
        name="tab"
        tabs={[
          { id: 'overview', label: 'Overview', View: () => <OverviewTab {...tab} /> },
          { id: 'definition', label: 'Definition', View: () => <DefinitionTab {...tab} /> },
          { id: 'versions', label: 'Versions', count: all.length, View: () => <VersionsTab {...tab} /> },
          { id: 'dry-run', label: 'Try an event', View: () => <DryRunTab {...tab} /> },
        ]}
      />
      {queryOf('tab') !== 'dry-run' && (
        <footer class="page-foot">
          <CurlHint path={pathOf('agents', id, ...(queryOf('tab') === '' ? [] : ['versions']))} />
        </footer>
      )}
      {starting.value && <StartDialog agent={found} onClose={() => (starting.value = false)} />}
    </>
  )
}
