import { useSignal } from '@preact/signals'
import type { BulkOutcome } from '../../api/answers.ts'
import { post } from '../../api/client.ts'
import { Icon } from '../../base/icon.tsx'
import { complain, tell } from '../../base/toasts.tsx'
import { CONTROLS } from '../../parts/agent-controls.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { countText } from '../../parts/words.ts'

interface BulkBarProps {
  picked: ReadonlySet<string>
  onClear(): void
  onDone(): void
}

type Control = (typeof CONTROLS)[number]

/** What can be done to all that are picked: first it is asked what would happen, then it is done. */
export function BulkBar({ picked, onClear, onDone }: BulkBarProps) {
  const plan = useSignal<{ control: Control; outcome: BulkOutcome } | undefined>(undefined)
  const ids = [...picked]
  const ask = async (control: Control): Promise<void> => {
    try {
      plan.value = { control, outcome: await bulk(ids, control, true) }
    } catch (error) {
      complain(error)
    }
  }
  const run = async (control: Control): Promise<void> => {
    plan.value = undefined
    try {
      const { done, refused, failed } = await bulk(ids, control, false)
      tell(`${control.label}: ${done} done, ${refused} refused, ${failed} failed`)
    } catch (error) {
      return complain(error)
    }
    onClear()
    onDone()
  }
  return (
    <div class="bulk" role="toolbar" aria-label="All that are picked">
      <strong>{countText(ids.length, 'instance')} picked</strong>
      {CONTROLS.map((control) => (
        <button
          key={control.action}
          type="button"
          class="button"
          title={control.meaning}
          onClick={() => void ask(control)}
        >
          <Icon name={control.icon} size={14} /> {control.label}
        </button>
      ))}
      <button type="button" class="icon-button" aria-label="Pick none" onClick={onClear}>
        <Icon name="close" />
      </button>
      {plan.value && (
        <Plan {...plan.value} onClose={() => (plan.value = undefined)} onRun={(control) => void run(control)} />
      )}
    </div>
  )
}

function Plan({
  control,
  outcome: { matched, done, items },
  onClose,
  onRun,
}: {
  control: Control
  outcome: BulkOutcome
  onClose(): void
  onRun(control: Control): void
}) {
  const refused = items.filter(({ result }) => result !== 'accepted')
  return (
    <Dialog label={`${control.label} ${matched}`} onClose={onClose}>
      <h2>
        {control.label} {countText(done, 'instance')}?
      </h2>
      <p>{control.asks?.text ?? `${control.meaning}.`}</p>
      {refused.length > 0 && (
        <details>
          <summary>{countText(refused.length, 'other')} would refuse</summary>
          <ul class="refusals">
            {refused.slice(0, 100).map(({ id, reason }) => (
              <li key={id}>
                <strong>{id}</strong> <span class="muted">{reason}</span>
              </li>
            ))}
          </ul>
        </details>
      )}
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          class={`button ${control.asks?.danger ? 'danger' : 'primary'}`}
          disabled={done === 0}
          onClick={() => onRun(control)}
        >
          {control.label} {done}
        </button>
      </div>
    </Dialog>
  )
}

function bulk(ids: readonly string[], { action }: Control, dryRun: boolean): Promise<BulkOutcome> {
  return post<BulkOutcome>('/v1/instances/bulk', { body: { selector: { ids }, action, dryRun } })
}
