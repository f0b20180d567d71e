import { useSignal } from '@preact/signals'
import type { Schedule } from '../../api/answers.ts'
import { pathOf, post, send } from '../../api/client.ts'
import { Icon } from '../../base/icon.tsx'
import { actorPath } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { attempt } from '../../base/toasts.tsx'
import { confirmed } from '../../parts/confirm-dialog.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Countdown } from '../../parts/time.tsx'
import { ScheduleForm } from './schedule-form.tsx'
import { LastSlots, NextSlots } from './slots.tsx'

/** One schedule at a glance: what it says, when it is due, when it was, and what became of that. */
export function ScheduleCard({ schedule, onChange }: { schedule: Schedule; onChange: () => void }) {
  const { id, address, description, words, cron, timezone, type, subject, state, next, last, fired, missed } = schedule
  const [first] = next
  return (
    <li class="schedule" data-id={id}>
      <div class="schedule-head">
        <div>
          <h2>
            <a href={actorPath(address)}>{id}</a>
          </h2>
          <p class="schedule-rule">{words}</p>
          <p class="muted small">
            <code>{cron}</code> in {timezone}
          </p>
        </div>
        <StateBadge state={state} tone={state === 'active' ? 'ok' : undefined} />
      </div>
      {description !== '' && <p class="schedule-about">{description}</p>}
      <p class="small schedule-says">
        <Icon name="events" size={12} /> <a href={`/events?type=${encodeURIComponent(type)}`}>{type}</a>
        {subject !== null && <span class="muted"> about {subject}</span>}
      </p>
      <div class="schedule-slots">
        <section aria-label={`Next slots of ${id}`}>
          <h3>Next {first !== undefined && <Countdown until={first} />}</h3>
          <NextSlots slots={next} timezone={timezone} state={state} />
        </section>
        <section aria-label={`Last slots of ${id}`}>
          <h3>
            Last <span class="muted">{fired.toLocaleString('en')} sent</span>
            {missed > 0 && <span class="schedule-missed">{missed.toLocaleString('en')} missed</span>}
          </h3>
          <LastSlots slots={last} timezone={timezone} />
        </section>
      </div>
      {may('operator') && <Controls schedule={schedule} onChange={onChange} />}
    </li>
  )
}

function Controls({ schedule, onChange }: { schedule: Schedule; onChange: () => void }) {
  const { id, state } = schedule
  // As it was when the person looked: what others change meanwhile is not to be overwritten.
  const editing = useSignal<Schedule | undefined>(undefined)
  const does = async (action: string, done: string): Promise<void> => {
    await attempt(() => post(pathOf('schedules', id, action)), done)
    onChange()
  }
  const remove = async (): Promise<void> => {
    const text = 'No event comes of it any more. What it sent stays in the log.'
    const yes = await confirmed({ title: `Delete ${id}?`, text, action: 'Delete', danger: true })
    if (yes === undefined) return
    await attempt(() => send('DELETE', pathOf('schedules', id), { ifMatch: schedule.version }), `${id} is gone`)
    onChange()
  }
  return (
    <div class="schedule-controls">
      {state === 'paused' ? (
        <button
          type="button"
          class="button"
          aria-label={`Resume ${id}`}
          onClick={() => void does('resume', `${id} goes on`)}
        >
          <Icon name="play" size={14} /> Resume
        </button>
      ) : (
        <button
          type="button"
          class="button"
          aria-label={`Pause ${id}`}
          aria-disabled={state === 'ended' ? 'true' : undefined}
          title={state === 'ended' ? 'It has ended: nothing is due' : 'Its slots pass: neither sent nor missed'}
          onClick={() => {
            if (state !== 'ended') void does('pause', `${id} is paused`)
          }}
        >
          <Icon name="pause" size={14} /> Pause
        </button>
      )}
      <button
        type="button"
        class="button"
        aria-label={`Send now: an event of ${id}`}
        title="One event, whatever the clock says"
        onClick={() => void does('trigger', `${id} has sent an event`)}
      >
        Send now
      </button>
      <button type="button" class="button" aria-label={`Change ${id}`} onClick={() => (editing.value = schedule)}>
        Change
      </button>
      <button type="button" class="button" aria-label={`Delete ${id}`} onClick={() => void remove()}>
        Delete
      </button>
      {editing.value && (
        <ScheduleForm schedule={editing.value} onClose={() => (editing.value = undefined)} onDone={onChange} />
      )}
    </div>
  )
}
