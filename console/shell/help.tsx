import { signal } from '@preact/signals'
import { shortcuts } from '../base/keyboard.ts'
import { Dialog } from '../parts/dialog.tsx'

const open = signal(false)

export function openHelp(): void {
  open.value = true
}

/** What each key does on this page. */
export function Help() {
  if (!open.value) return null
  return (
    <Dialog label="Keyboard" class="help" onClose={() => (open.value = false)}>
      <h2>Keyboard</h2>
      <dl>
        {shortcuts.value.map(({ keys, label }) => (
          <div key={keys}>
            <dt>
              {keys.split(/[ +]/).map((key) => (
                <kbd key={key}>{key === 'ArrowLeft' ? '←' : key === 'ArrowRight' ? '→' : key}</kbd>
              ))}
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
        <div>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>Close what is open</dd>
        </div>
      </dl>
    </Dialog>
  )
}
