import { pathOf, post } from '../api/client.ts'
import type { IconName } from '../base/icon.tsx'
import { Icon } from '../base/icon.tsx'
import { may } from '../base/session.ts'
import { attempt, note } from '../base/toasts.tsx'
import { confirmed } from './confirm-dialog.tsx'

export type AgentAction = 'start' | 'pause' | 'resume' | 'stop' | 'retry' | 'skip' | 'reset'

interface Control {
  action: AgentAction
  /** What the machine must accept. */
  event: string
  label: string
  meaning: string
  icon: IconName
  /** Ends something that somebody may be waiting for: asked first. */
  asks?: { text: string; danger: boolean }
}

const END = { text: 'Its running work is cleaned up and ends; its backlog is kept.', danger: true }

export const CONTROLS: readonly Control[] = [
  { action: 'start', event: 'START', label: 'Start', meaning: 'Takes work again after a stop', icon: 'play' },
  {
    action: 'pause',
    event: 'PAUSE',
    label: 'Pause',
    meaning: 'Running work stops at a safe point; nothing new starts',
    icon: 'pause',
    asks: { text: 'Running work stops at a safe point, and what comes in waits.', danger: false },
  },
  { action: 'resume', event: 'RESUME', label: 'Resume', meaning: 'Goes on where it was paused', icon: 'play' },
  { action: 'retry', event: 'RETRY', label: 'Retry', meaning: 'Tries again what failed', icon: 'retry' },
  { action: 'skip', event: 'SKIP', label: 'Skip', meaning: 'Leaves out what failed and goes on', icon: 'skip' },
  {
    action: 'reset',
    event: 'RESET',
    label: 'Reset',
    meaning: 'Forgets what failed and its backlog',
    icon: 'reset',
    asks: { text: 'What failed and its backlog are forgotten.', danger: true },
  },
  {
    action: 'stop',
    event: 'STOP',
    label: 'Stop',
    meaning: 'Ends its work; its backlog is kept',
    icon: 'stop',
    asks: END,
  },
]

export interface AgentControlsProps {
  /** Id of the instance. */
  id: string
  state: string
  /** What its machine accepts now. */
  nextEvents: readonly string[]
  /** As the person sees it: a change by somebody else meanwhile refuses the press. */
  revision: number
  onDone(): void
}

/** What a person may tell an agent. A button that its machine would refuse says why, and sends nothing. */
export function AgentControls({ id, state, nextEvents, revision, onDone }: AgentControlsProps) {
  if (!may('operator')) return null
  const accepted = CONTROLS.filter(({ event }) => nextEvents.includes(event)).map(({ label }) => label)
  const press = async ({ action, label, asks }: Control): Promise<void> => {
    const reason = asks
      ? await confirmed({ title: `${label} ${id}?`, text: asks.text, action: label, danger: asks.danger, reason: true })
      : ''
    if (reason === undefined) return
    await attempt(() => command(id, action, { reason, ifMatch: revision }), `${label}: done`)
    onDone()
  }
  return (
    <div class="controls" role="group" aria-label="Controls">
      {CONTROLS.map((control) => {
        const { action, event, label, meaning, icon } = control
        const refused = nextEvents.includes(event)
          ? undefined
          : `${state} takes no ${label}${accepted.length > 0 ? `; it takes ${accepted.join(', ')}` : ''}`
        return (
          <button
            key={action}
            type="button"
            class="button"
            aria-disabled={refused !== undefined}
            title={refused ?? meaning}
            onClick={() => (refused === undefined ? void press(control) : note(refused))}
          >
            <Icon name={icon} size={14} /> {label}
          </button>
        )
      })}
    </div>
  )
}

/** Tells an instance what to do. Throws `ApiError`: 409 where its machine refuses, 412 where it moved meanwhile. */
export function command(
  id: string,
  action: AgentAction,
  { reason, ifMatch }: { reason: string; ifMatch?: number },
): Promise<unknown> {
  const body = reason === '' ? {} : { reason }
  return post(pathOf('instances', id, action), { body, ifMatch })
}
