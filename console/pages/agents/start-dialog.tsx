import type { Agent, Instance } from '../../api/answers.ts'
import { post } from '../../api/client.ts'
import { actorPath, navigate } from '../../base/router.ts'
import { attempt } from '../../base/toasts.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { DialogButtons } from '../../parts/dialog-buttons.tsx'

/** Starts an instance under a key of its own; the same key is always the same instance. */
export function StartDialog({ agent, onClose }: { agent: Agent; onClose: () => void }) {
  const { id, name, current } = agent
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (!(event.currentTarget instanceof HTMLFormElement)) return
    const given = new FormData(event.currentTarget).get('key')
    const key = typeof given === 'string' && given.trim() !== '' ? given.trim() : id
    await attempt(async () => {
      const { address } = await post<Instance>('/v1/instances', { body: { agent: id, key } })
      onClose()
      navigate(actorPath(address))
    }, `${key} is there`)
  }
  return (
    <Dialog label={`Start an instance of ${name}`} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <h2>Start an instance of {name}</h2>
        <p>
          It runs version {current}, and hears the events of its triggers. An instance that was stopped goes on; one
          that lives stays as it is.
        </p>
        <label class="field">
          Key
          <input
            name="key"
            type="text"
            placeholder={id}
            maxLength={200}
            pattern="[A-Za-z0-9][A-Za-z0-9._:@~+=\-]*"
            autocomplete="off"
          />
        </label>
        <DialogButtons action="Start" onCancel={onClose} />
      </form>
    </Dialog>
  )
}
