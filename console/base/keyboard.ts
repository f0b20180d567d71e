import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

export interface Shortcut {
  /** `j`, `?`, `Enter`, `Ctrl+k`, or two in a row: `g i`. */
  keys: string
  /** For the list behind `?`. */
  label: string
  run(): void
}

/** Everything that a key does now, page by page: the list behind `?` is this. */
export const shortcuts = signal<readonly Shortcut[]>([])

const SEQUENCE_MS = 1200
let first: { key: string; at: number } | undefined

/** Keys that work while the component is shown; the latest wins where two want the same. */
export function useShortcuts(wanted: readonly Shortcut[]): void {
  const current = useRef(wanted)
  current.current = wanted
  const names = wanted.map(({ keys }) => keys).join('|')
  useEffect(() => {
    const mine = current.current.map(({ keys, label }, index) => ({
      keys,
      label,
      run: () => current.current[index]?.run(),
    }))
    shortcuts.value = [...mine, ...shortcuts.peek()]
    return () => {
      shortcuts.value = shortcuts.peek().filter((one) => !mine.includes(one))
    }
  }, [names])
}

export function startKeyboard(): void {
  document.addEventListener('keydown', (event) => {
    const key = nameOf(event)
    if (event.defaultPrevented || key === undefined) return
    // In a dialog its own keys hold; in a field only what nobody types.
    if (document.querySelector('dialog[open]')) return
    if (!event.ctrlKey && !event.metaKey && isField(event.target)) return
    if ((key === 'Enter' || key === ' ') && isPressable(event.target)) return
    const pair = first && Date.now() - first.at < SEQUENCE_MS ? `${first.key} ${key}` : undefined
    first = undefined
    const all = shortcuts.peek()
    const found = all.find(({ keys }) => keys === pair) ?? all.find(({ keys }) => keys === key)
    if (found) {
      event.preventDefault()
      found.run()
    } else if (all.some(({ keys }) => keys.startsWith(`${key} `))) {
      first = { key, at: Date.now() }
    }
  })
}

function nameOf({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): string | undefined {
  if (altKey || key === 'Shift' || key === 'Control' || key === 'Meta') return undefined
  return ctrlKey || metaKey ? `Ctrl+${key.toLowerCase()}` : key
}

/** Where a key belongs to what has the focus: text is typed, a list is chosen from, a slider is moved. */
function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName))
}

/** What these keys press by themselves. */
function isPressable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('a, button, summary, [role="button"]') !== null
}
