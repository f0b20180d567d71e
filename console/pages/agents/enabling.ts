import type { Agent } from '../../api/answers.ts'
import { pathOf, send } from '../../api/client.ts'
import { attempt } from '../../base/toasts.tsx'
import { confirmed } from '../../parts/confirm-dialog.tsx'

/** Lets an agent start runs, or not. Off is asked first: events that come meanwhile pass it by. */
export async function setEnabled({ id, name }: Agent, enabled: boolean, onDone: () => void): Promise<void> {
  if (!enabled) {
    const text = 'It starts no new runs; those that go on are finished. Events that come meanwhile pass it by.'
    if ((await confirmed({ title: `Disable ${name}?`, text, action: 'Disable' })) === undefined) return
  }
  const done = `${name} is ${enabled ? 'enabled' : 'disabled'}`
  if (await attempt(() => send('PUT', pathOf('agents', id, 'enabled'), { body: { enabled } }), done)) onDone()
}
