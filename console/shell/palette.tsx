import { signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Instance, Page as PageOf } from '../api/answers.ts'
import { getJson } from '../api/client.ts'
import { Icon, type IconName } from '../base/icon.tsx'
import { isOpen } from '../base/page.ts'
import { actorPath, navigate } from '../base/router.ts'
import { nextTheme } from '../base/theme.ts'
import { complain } from '../base/toasts.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { PAGES } from './pages.ts'

interface Choice {
  icon: IconName
  label: string
  hint: string
  run(): void
}

const open = signal(false)
const SHOWN = 12

export function openPalette(): void {
  open.value = true
}

/** Type a few letters of a page, an instance, or any address `kind/key`, and be there. */
export function Palette() {
  return open.value ? <OpenPalette /> : null
}

function OpenPalette() {
  const text = useSignal('')
  const chosen = useSignal(0)
  const instances = useSignal<readonly Instance[]>([])
  useEffect(() => {
    getJson<PageOf<Instance>>('/v1/instances?limit=500').then(({ items }) => (instances.value = items), complain)
  }, [])
  const close = (): void => {
    open.value = false
  }
  const choices = choicesFor(text.value.trim(), instances.value)
  const at = Math.min(chosen.value, choices.length - 1)
  const run = (choice: Choice | undefined): void => {
    if (!choice) return
    close()
    choice.run()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) chosen.value = (at + step + choices.length) % Math.max(1, choices.length)
    else if (event.key === 'Enter') run(choices[at])
    else return
    event.preventDefault()
  }
  return (
    <Dialog label="Go anywhere" class="palette" onClose={close}>
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={choices.length > 0 ? `choice-${at}` : undefined}
        aria-label="Page, instance or kind/key"
        placeholder="Page, instance or kind/key"
        value={text}
        onInput={(event) => {
          text.value = event.currentTarget.value
          chosen.value = 0
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="palette-list" role="listbox" aria-label="Places">
        {choices.map((choice, index) => (
          <li
            key={choice.hint + choice.label}
            id={`choice-${index}`}
            role="option"
            aria-selected={index === at}
            onClick={() => run(choice)}
          >
            <Icon name={choice.icon} /> <span class="clip">{choice.label}</span>
            <span class="muted">{choice.hint}</span>
          </li>
        ))}
      </ul>
      {choices.length === 0 && <p class="muted">Nothing is called that. An address looks like run/01J….</p>}
    </Dialog>
  )
}

function choicesFor(text: string, instances: readonly Instance[]): Choice[] {
  const pages = PAGES.filter(isOpen).flatMap(({ path, nav }): Choice[] =>
    nav ? [{ icon: nav.icon, label: nav.label, hint: `g ${nav.key}`, run: () => navigate(path) }] : [],
  )
  const actors = instances.map((instance): Choice => {
    const label = instance.nickname ?? instance.name
    const hint = `${instance.id} · ${instance.state}`
    return { icon: 'actors', label, hint, run: () => navigate(actorPath(instance.address)) }
  })
  const more: Choice[] = [
    { icon: 'moon', label: 'Change theme', hint: 't', run: nextTheme },
    {
      icon: 'terminal',
      label: 'API description',
      hint: '/docs',
      run: () => void window.open('/docs', '_blank', 'noopener'),
    },
  ]
  const found = [...pages, ...actors, ...more].filter(({ label, hint }) =>
    `${label} ${hint}`.toLowerCase().includes(text.toLowerCase()),
  )
  const address: Choice[] = /^[a-z][\w.-]*\/\S+$/i.test(text)
    ? [{ icon: 'arrow', label: text, hint: 'Open this address', run: () => navigate(actorPath(text)) }]
    : []
  return [...address, ...found].slice(0, SHOWN)
}
