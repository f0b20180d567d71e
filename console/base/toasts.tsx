import { signal } from '@preact/signals'
import { ApiError, remedyOf } from '../api/problem.ts'
import { Icon } from './icon.tsx'

interface Toast {
  id: number
  tone: 'ok' | 'note' | 'bad'
  text: string
  remedy: string
}

const toasts = signal<readonly Toast[]>([])
const SHOWN_MS = { ok: 4000, note: 6000, bad: 12_000 }
let count = 0

/** Says that something was done. */
export function tell(text: string): void {
  show('ok', text, '')
}

/** Says why what was asked for is not done. */
export function note(text: string): void {
  show('note', text, '')
}

/** Says what did not work and what to do about it. Anything but an `ApiError` is a fault of ours, and thrown on. */
export function complain(error: unknown): void {
  if (!(error instanceof ApiError)) throw error
  // The login says it already.
  if (error.status !== 401) show('bad', error.message, remedyOf(error))
}

/** Runs what a person asked for: says so when it worked, or why it did not. Answers whether it worked. */
export async function attempt(work: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await work()
    if (done !== undefined) tell(done)
    return true
  } catch (error) {
    complain(error)
    return false
  }
}

function show(tone: Toast['tone'], text: string, remedy: string): void {
  count += 1
  const toast = { id: count, tone, text, remedy }
  // The same complaint once, however often it comes.
  toasts.value = [...toasts.peek().filter((other) => other.text !== text), toast].slice(-4)
  setTimeout(() => dismiss(toast.id), SHOWN_MS[tone])
}

function dismiss(id: number): void {
  toasts.value = toasts.peek().filter((toast) => toast.id !== id)
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, tone, text, remedy }) => (
        <div key={id} class="toast" data-tone={tone}>
          <Icon name={tone === 'ok' ? 'check' : 'alert'} />
          <p>
            <strong>{text}</strong> {remedy}
          </p>
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  )
}
