import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { pathOf, withQuery } from '../../api/client.ts'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { queryOf, setQuery } from '../../shell/router.ts'
import { ContextTab } from './context-tab.tsx'
import { HistoryTab } from './history-tab.tsx'
import { NowTab } from './now-tab.tsx'
import { RunsTab } from './runs-tab.tsx'
import { StepsTab } from './steps-tab.tsx'
import type { TabProps } from './tab.ts'
import { ThenTab } from './then-tab.tsx'

interface Tab {
  id: string
  label: string
  View(props: TabProps): ComponentChildren
}

/** Everything about the actor that is no picture, in tabs; which one is open is part of the address. */
export function Panel(props: TabProps) {
  const { model, kind, name } = props
  const past = model.at.value !== undefined
  const tabs: Tab[] = [
    ...(kind === 'run' ? [{ id: 'steps', label: 'Steps', View: StepsTab }] : []),
    { id: 'now', label: past ? 'Then' : 'Now', View: past ? ThenTab : NowTab },
    { id: 'context', label: 'Context', View: ContextTab },
    { id: 'history', label: 'History', View: HistoryTab },
    ...(kind === 'agent' ? [{ id: 'runs', label: 'Runs', View: RunsTab }] : []),
  ]
  const wanted = queryOf('tab')
  const open = tabs.find(({ id }) => id === wanted) ?? tabs[0]
  const focus = useSignal(false)
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (by === undefined || !open) return
    event.preventDefault()
    event.stopPropagation()
    const next = tabs[(tabs.indexOf(open) + by + tabs.length) % tabs.length]
    focus.value = true
    if (next) setQuery({ tab: next === tabs[0] ? '' : next.id })
  }
  if (!open) return null
  const { View } = open
  return (
    <aside class="panel" aria-label="Details">
      <div class="tabs" role="tablist" aria-label="Details" onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            id={`tab-${tab.id}`}
            type="button"
            role="tab"
            aria-selected={tab === open}
            aria-controls="panel"
            tabIndex={tab === open ? 0 : -1}
            ref={(element) => {
              if (tab === open && focus.peek()) element?.focus()
            }}
            onClick={() => setQuery({ tab: tab === tabs[0] ? '' : tab.id })}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div id="panel" class="panel-body" role="tabpanel" aria-labelledby={`tab-${open.id}`} tabIndex={0} key={open.id}>
        <View {...props} />
      </div>
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
