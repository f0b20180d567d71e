import type { Schedule } from '../../api/answers.ts'
import { StateBadge } from '../../parts/state-badge.tsx'
import type { Tone } from '../../parts/tone.ts'

const OUTCOMES: Readonly<Record<string, { word: string; tone: Tone }>> = {
  slot: { word: 'sent', tone: 'ok' },
  'catch-up': { word: 'caught up', tone: 'wait' },
  backfill: { word: 'filled in', tone: 'ok' },
  manual: { word: 'by hand', tone: 'ok' },
  missed: { word: 'missed', tone: 'bad' },
}

const NONE: Readonly<Record<string, string>> = {
  paused: 'None while it is paused.',
  ended: 'None: its end has passed.',
}

/** When it is due, on a clock of the schedule's zone. */
export function NextSlots({ slots, timezone, state }: { slots: readonly string[]; timezone: string; state: string }) {
  if (slots.length === 0) return <p class="muted small">{NONE[state] ?? 'None.'}</p>
  return (
    <ol class="slots">
      {slots.map((slot) => (
        <li key={slot}>
          <Slot at={slot} timezone={timezone} />
        </li>
      ))}
    </ol>
  )
}

/** When it was due, and what became of that. */
export function LastSlots({ slots, timezone }: { slots: Schedule['last']; timezone: string }) {
  if (slots.length === 0) return <p class="muted small">None yet.</p>
  return (
    <ol class="slots">
      {slots.map(({ slot, outcome, at }) => {
        const { word, tone } = OUTCOMES[outcome] ?? { word: outcome, tone: 'idle' as const }
        return (
          <li key={`${slot} ${outcome} ${at}`}>
            <Slot at={slot} timezone={timezone} /> <StateBadge state={word} tone={tone} />
          </li>
        )
      })}
    </ol>
  )
}

function Slot({ at, timezone }: { at: string; timezone: string }) {
  return (
    <time dateTime={at} class="number" title={`${new Date(at).toLocaleString()} here`}>
      {slotText(at, timezone)}
    </time>
  )
}

/** `Mon 23 Nov 2026, 07:00`, with seconds where they matter. */
export function slotText(at: string, timezone: string): string {
  const date = new Date(at)
  const seconds = date.getUTCSeconds() === 0 ? {} : { second: '2-digit' as const }
  const format = Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    ...seconds,
    timeZone: timezone,
  })
  return format.format(date)
}
