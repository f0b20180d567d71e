import { useSignal } from '@preact/signals'
import { pathOf, post } from '../../api/client.ts'
import { attempt } from '../../base/toasts.tsx'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { DialogButtons } from '../../parts/dialog-buttons.tsx'
import type { ActorModel } from './model.ts'

interface SendEventProps {
  model: ActorModel
  kind: string
  name: string
  type: string
  onClose(): void
}

/** Sends an event to the actor by hand, with whatever belongs to it. */
export function SendEvent({ model, kind, name, type, onClose }: SendEventProps) {
  const text = useSignal('{}')
  const problem = useSignal('')
  const verdict = model.why.value?.events.find((event) => event.type === type)
  const path = pathOf('actors', kind, name, 'events')
  const payload = parse(text.value)
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (payload === undefined) {
      problem.value = 'This is no JSON object, like {"reason": "by hand"}.'
      return
    }
    const change = { body: { ...payload, type }, ifMatch: model.head.peek() }
    if (await attempt(() => post(path, change), `${type}: sent`)) onClose()
    model.reload()
  }
  return (
    <Dialog label={`Send ${type}`} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <h2>
          Send <code>{type}</code> to {model.address}
        </h2>
        {verdict?.reason && <p class="muted">{verdict.reason}</p>}
        <label class="field">
          What belongs to it, as JSON
          <textarea
            rows={4}
            class="mono"
            spellcheck={false}
            value={text}
            onInput={(e) => (text.value = e.currentTarget.value)}
          />
        </label>
        <p class="problem" role="alert">
          {problem}
        </p>
        <CurlHint method="POST" path={path} body={{ type, ...payload }} />
        <DialogButtons action="Send" onCancel={onClose} />
      </form>
    </Dialog>
  )
}

function parse(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    // Being typed still.
    return undefined
  }
}
