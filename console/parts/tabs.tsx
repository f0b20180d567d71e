import './tabs.css'
import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'
import { queryOf, setQuery } from '../base/router.ts'

export interface TabView {
  id: string
  label: string
  count?: number
  /** Called while it is open. */
  View(): ComponentChildren
}

interface TabsProps {
  label: string
  /** The member of the address that says which one is open. */
  name: string
  tabs: readonly TabView[]
  /** Class of what is open. */
  body?: string
  /** True where going from tab to tab is no step to come back from. */
  replace?: boolean
}

/** Several views of one thing; which one is open is a member of the address. Arrows go from tab to tab. */
export function Tabs({ label, name, tabs, body = 'page-tab', replace = false }: TabsProps) {
  const list = useRef<HTMLDivElement>(null)
  const wanted = queryOf(name)
  const open = tabs.find(({ id }) => id === wanted) ?? tabs[0]
  if (!open) return null
  const show = ({ id }: TabView): void => setQuery({ [name]: id === tabs[0]?.id ? '' : id }, { replace })
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    const next = by === undefined ? undefined : tabs[(tabs.indexOf(open) + by + tabs.length) % tabs.length]
    if (!next) return
    event.preventDefault()
    event.stopPropagation()
    show(next)
    list.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus()
  }
  return (
    <>
      <div class="page-tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            id={`tab-${tab.id}`}
            type="button"
            role="tab"
            aria-selected={tab === open}
            aria-controls="tab-panel"
            tabIndex={tab === open ? 0 : -1}
            onClick={() => show(tab)}
          >
            {tab.label}
            {tab.count !== undefined && <span class="number muted"> {tab.count}</span>}
          </button>
        ))}
      </div>
      <div id="tab-panel" class={body} role="tabpanel" aria-labelledby={`tab-${open.id}`} key={open.id} tabIndex={0}>
        {open.View()}
      </div>
    </>
  )
}
