import { useSignal } from '@preact/signals'
import type { Agent, Instance, Page } from '../api/answers.ts'
import { post } from '../api/client.ts'
import { actorPath, navigate } from '../base/router.ts'
import { attempt } from '../base/toasts.tsx'
import { useResource } from '../live/resource.ts'
import { Dialog } from './dialog.tsx'
import { DialogButtons } from './dialog-buttons.tsx'
import { EmptyState } from './empty-state.tsx'

/** Choose an agent and start an instance of it, under a name of its own or the agent's. */
export function AgentSelector({ onClose }: { onClose(): void }) {
  const agents = useResource<Page<Agent>>('/v1/agents').data.value
  const chosen = useSignal('')
  const key = useSignal('')
  const startable = agents?.items.filter(({ enabled, current }) => enabled && current !== null) ?? []
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    const body = { agent: chosen.value, ...(key.value === '' ? {} : { key: key.value }) }
    await attempt(async () => {
      const { address } = await post<Instance>('/v1/instances', { body })
      onClose()
      navigate(actorPath(address))
    }, 'Started')
  }
  if (agents && startable.length === 0) {
    return (
      <Dialog label="Start an agent" onClose={onClose}>
        <EmptyState title="No agent can be started" icon="agents">
          <p>
            Publish one first: <code>POST /v1/agents?publish=true</code> with its YAML, or put it into{' '}
            <code>agent-templates/</code>.
          </p>
        </EmptyState>
      </Dialog>
    )
  }
  return (
    <Dialog label="Start an agent" onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <h2>Start an agent</h2>
        <div class="choices" role="radiogroup" aria-label="Agent">
          {startable.map(({ id, name, nickname, description, current }) => (
            <label key={id} class="choice">
              <input
                type="radio"
                name="agent"
                value={id}
                required
                checked={chosen.value === id}
                onChange={() => (chosen.value = id)}
              />
              <span class="choice-text">
                <strong>{nickname ?? name}</strong>{' '}
                <span class="muted mono">
                  {id} {current}
                </span>
                <span class="muted choice-line">{description}</span>
              </span>
            </label>
          ))}
        </div>
        <label class="field">
          Name of the instance
          <input
            type="text"
            pattern="[A-Za-z0-9][A-Za-z0-9._:@~+=\-]*"
            maxLength={200}
            placeholder={chosen.value === '' ? 'As the agent is called' : chosen.value}
            value={key}
            onInput={(event) => (key.value = event.currentTarget.value)}
          />
        </label>
        <p class="muted small">The same name is the same instance: starting it again changes nothing.</p>
        <DialogButtons action="Start" onCancel={onClose} />
      </form>
    </Dialog>
  )
}
