import { signal } from '@preact/signals'
import { Dialog } from './dialog.tsx'
import { DialogButtons } from './dialog-buttons.tsx'

export interface Question {
  title: string
  /** What will happen, and to what. */
  text: string
  /** The word on the button: a verb. */
  action: string
  /** What cannot be taken back. */
  danger?: boolean
  /** Asks for a reason too, which goes to the history. */
  reason?: boolean
}

const asked = signal<{ question: Question; answer(reason: string | undefined): void } | undefined>(undefined)

/** Asks before something is done that somebody may regret. Answers the reason (may be empty), or undefined for no. */
export function confirmed(question: Question): Promise<string | undefined> {
  asked.peek()?.answer(undefined)
  return new Promise((resolve) => {
    asked.value = {
      question,
      answer(reason) {
        asked.value = undefined
        resolve(reason)
      },
    }
  })
}

/** Shown once, by the shell. */
export function ConfirmHost() {
  const open = asked.value
  if (!open) return null
  const { title, text, action, danger = false, reason = false } = open.question
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const given =
      event.currentTarget instanceof HTMLFormElement ? new FormData(event.currentTarget).get('reason') : null
    open.answer(typeof given === 'string' ? given.trim() : '')
  }
  return (
    <Dialog label={title} class="confirm" onClose={() => open.answer(undefined)}>
      <form onSubmit={submit}>
        <h2>{title}</h2>
        <p>{text}</p>
        {reason && (
          <label class="field">
            Reason
            <input name="reason" type="text" maxLength={1000} placeholder="For the history; may stay empty" />
          </label>
        )}
        <DialogButtons action={action} onCancel={() => open.answer(undefined)} danger={danger} />
      </form>
    </Dialog>
  )
}
