import { pathOf, withQuery } from '../../api/client.ts'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { Tabs, type TabView } from '../../parts/tabs.tsx'
import { ContextTab } from './context-tab.tsx'
import { HistoryTab } from './history-tab.tsx'
import { NowTab } from './now-tab.tsx'
import { RunsTab } from './runs-tab.tsx'
import { StepsTab } from './steps-tab.tsx'
import type { TabProps } from './tab.ts'
import { ThenTab } from './then-tab.tsx'

/** Everything about the actor that is no picture, in tabs; which one is open is part of the address. */
export function Panel(props: TabProps) {
  const { model, kind, name } = props
  const past = model.at.value !== undefined
  const Shown = past ? ThenTab : NowTab
  const tabs: TabView[] = [
    ...(kind === 'run' ? [{ id: 'steps', label: 'Steps', View: () => <StepsTab {...props} /> }] : []),
    { id: 'now', label: past ? 'Then' : 'Now', View: () => <Shown {...props} /> },
    { id: 'context', label: 'Context', View: () => <ContextTab {...props} /> },
    { id: 'history', label: 'History', View: () => <HistoryTab {...props} /> },
    ...(kind === 'agent' ? [{ id: 'runs', label: 'Runs', View: () => <RunsTab {...props} /> }] : []),
  ]
  return (
    <aside class="panel" aria-label="Details">
      <Tabs label="Details" name="tab" tabs={tabs} body="panel-body" replace />
      <footer class="panel-foot">
        <CurlHint
          path={
            past
              ? withQuery(pathOf('actors', kind, name, 'replay'), { at: model.at.value })
              : pathOf('actors', kind, name)
          }
          cli={`replay ${model.address}`}
        />
      </footer>
    </aside>
  )
}
