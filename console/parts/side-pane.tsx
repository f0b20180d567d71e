import './side-pane.css'
import type { ComponentChildren } from 'preact'
import { Icon } from '../base/icon.tsx'
import { useShortcuts } from '../base/keyboard.ts'
import { setQuery } from '../base/router.ts'

export interface SidePaneProps {
  /** What stands at the side, for people who hear the page. */
  label: string
  /** The member of the address that says what is open. */
  name: string
  main: ComponentChildren
  side: ComponentChildren
}

/** A list, and beside it the one that is open. Escape closes it. */
export function SidePane({ label, name, main, side }: SidePaneProps) {
  const close = (): void => setQuery({ [name]: '' })
  useShortcuts(side ? [{ keys: 'Escape', label: 'Close what is open', run: close }] : [])
  return (
    <div class="with-side" data-open={side ? 'true' : undefined}>
      <div class="with-side-main">{main}</div>
      {side && (
        <aside class="side" aria-label={label} tabIndex={0}>
          <button type="button" class="icon-button side-close" aria-label="Close" title="Close (Esc)" onClick={close}>
            <Icon name="close" />
          </button>
          {side}
        </aside>
      )}
    </div>
  )
}
