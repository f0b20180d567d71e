import type { Actor } from '../../api/answers.ts'
import { pathOf, post } from '../../api/client.ts'
import { Icon, type IconName } from '../../base/icon.tsx'
import { may } from '../../base/session.ts'
import { attempt } from '../../base/toasts.tsx'
import { confirmed } from '../../parts/confirm-dialog.tsx'

interface Control {
  event: string
  label: string
  text: string
  icon: IconName
  role: 'operator' | 'approver'
  path(key: string): string
  body?: Record<string, string>
}

const CONTROLS: readonly Control[] = [
  {
    event: 'APPROVE',
    label: 'Approve',
    text: 'It does what it asks for.',
    icon: 'check',
    role: 'approver',
    path: (key) => pathOf('runs', key, 'approve'),
  },
  {
    event: 'DENY',
    label: 'Deny',
    text: 'It does not do what it asks for.',
    icon: 'close',
    role: 'approver',
    path: (key) => pathOf('runs', key, 'deny'),
  },
  {
    event: 'RETRY',
    label: 'Retry the step',
    text: 'The call whose outcome is unknown is made again.',
    icon: 'retry',
    role: 'operator',
    path: (key) => pathOf('runs', key, 'decide'),
    body: { decision: 'retry' },
  },
  {
    event: 'SKIP',
    label: 'Skip the step',
    text: 'The call whose outcome is unknown is taken as done.',
    icon: 'skip',
    role: 'operator',
    path: (key) => pathOf('runs', key, 'decide'),
    body: { decision: 'skip' },
  },
  {
    event: 'CANCEL',
    label: 'Cancel',
    text: 'It ends; its device is cleaned and given back.',
    icon: 'stop',
    role: 'operator',
    path: (key) => pathOf('runs', key, 'cancel'),
  },
]

/** What a person may tell a run: only what it takes now, since most of the time that is little. */
export function RunControls({
  id,
  actor,
  revision,
  onDone,
}: {
  id: string
  actor: Actor
  /** What the chart shows: a word is meant for that. */
  revision: number
  onDone(): void
}) {
  const possible = CONTROLS.filter(({ event, role }) => actor.nextEvents.includes(event) && may(role))
  const press = async ({ label, text, path, body }: Control): Promise<void> => {
    const reason = await confirmed({ title: `${label}?`, text, action: label, reason: true })
    if (reason === undefined) return
    const change = { body: { ...body, ...(reason === '' ? {} : { reason }) }, ifMatch: revision }
    await attempt(() => post(path(id), change), `${label}: done`)
    onDone()
  }
  if (possible.length === 0) return null
  return (
    <div class="controls" role="group" aria-label="Controls">
      {possible.map((control) => (
        <button
          key={control.event}
          type="button"
          class="button"
          title={control.text}
          onClick={() => void press(control)}
        >
          <Icon name={control.icon} size={14} /> {control.label}
        </button>
      ))}
    </div>
  )
}
