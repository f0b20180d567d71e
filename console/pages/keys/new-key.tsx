import { signal, useSignal } from '@preact/signals'
import type { Key } from '../../api/answers.ts'
import { post } from '../../api/client.ts'
import { Icon } from '../../base/icon.tsx'
import { logIn, type Role, session } from '../../base/session.ts'
import { attempt } from '../../base/toasts.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { DialogButtons } from '../../parts/dialog-buttons.tsx'

const ROLES: readonly { role: Role; may: string }[] = [
  { role: 'viewer', may: 'sees everything but keys and the audit' },
  { role: 'operator', may: 'also drives: agents, runs, devices, events' },
  { role: 'approver', may: 'also lets runs do what needs an approval' },
  { role: 'admin', may: 'also makes and revokes keys' },
]

/** What is told once has to outlive whatever the page does meanwhile. */
const made = signal<(Key & { key: string }) | undefined>(undefined)

/** Asks for what a new key needs. The first one of all is an administrator's, and the page goes on with it. */
export function NewKey({ isFirst, onClose, onMade }: { isFirst: boolean; onClose: () => void; onMade: () => void }) {
  const busy = useSignal(false)
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (!(event.currentTarget instanceof HTMLFormElement)) return
    const given = new FormData(event.currentTarget)
    const team = textOf(given, 'team')
    const body = { name: textOf(given, 'name'), role: textOf(given, 'role'), ...(team === '' ? {} : { team }) }
    busy.value = true
    const done = await attempt(async () => {
      const answer = await post<Key & { key: string }>('/v1/keys', { body })
      made.value = answer
      // From now on the server asks everybody for a key, this page too.
      if (isLocal()) await logIn(answer.key)
    })
    busy.value = false
    if (!done) return
    onMade()
    onClose()
  }
  return (
    <Dialog label="New key" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <h2>New key</h2>
        {isFirst && (
          <p>With the first key everybody needs one. It has to be an administrator’s, and this page logs in with it.</p>
        )}
        <label class="field">
          Name
          <input name="name" type="text" required maxLength={200} placeholder="ci, anna, lab-3" autocomplete="off" />
        </label>
        <fieldset class="roles">
          <legend>Role</legend>
          {ROLES.filter(({ role }) => !isFirst || role === 'admin').map(({ role, may }) => (
            <label key={role}>
              <input type="radio" name="role" value={role} defaultChecked={role === (isFirst ? 'admin' : 'viewer')} />
              <span>
                <strong>{role}</strong> <span class="muted">{isFirst ? 'may do everything' : may}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <label class="field">
          Team
          <input
            name="team"
            type="text"
            maxLength={32}
            pattern="[a-z0-9][a-z0-9\-]*"
            placeholder="Yours, unless you name another"
            autocomplete="off"
          />
        </label>
        <DialogButtons action="Make the key" onCancel={onClose} disabled={busy.value} />
      </form>
    </Dialog>
  )
}

/** The one time a key is seen. */
export function MadeKey() {
  const copied = useSignal(false)
  const shown = made.value
  if (!shown) return null
  const close = (): void => {
    made.value = undefined
  }
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(shown.key)
    copied.value = true
  }
  return (
    <Dialog label="Your new key" onClose={close}>
      <h2>{shown.name}</h2>
      <p>
        This is the only time the key is shown: the server keeps what proves it, not the key. Send it as{' '}
        <code>Authorization: Bearer …</code>
      </p>
      <div class="made-key">
        <code>{shown.key}</code>
        <button type="button" class="button" onClick={() => void copy()}>
          <Icon name={copied.value ? 'check' : 'copy'} size={14} /> {copied.value ? 'Copied' : 'Copy'}
        </button>
      </div>
      <div class="dialog-buttons">
        <button type="button" class="button primary" onClick={close}>
          I have kept it
        </button>
      </div>
    </Dialog>
  )
}

function isLocal(): boolean {
  const who = session.peek()
  return typeof who === 'object' && who.name === 'local'
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value.trim() : ''
}
