import type { SlotsPreview } from '../../api/answers.ts'
import { slotText } from './slots.tsx'

/** What a rule means: in words, and by the slots around now. */
export function RulePreview({ slots, timezone }: { slots: SlotsPreview | undefined; timezone: string }) {
  return (
    <div class="schedule-preview" aria-live="polite">
      {slots === undefined ? (
        <p class="muted small">When the rule can be read, this tells what it means.</p>
      ) : (
        <>
          <p>{slots.words}</p>
          <div class="schedule-pair">
            <Column title="Next" slots={slots.next} timezone={timezone} />
            <Column title="Would have been" slots={slots.previous} timezone={timezone} />
          </div>
        </>
      )}
    </div>
  )
}

function Column({ title, slots, timezone }: { title: string; slots: readonly string[]; timezone: string }) {
  return (
    <div>
      <h3>{title}</h3>
      <ol class="slots">
        {slots.map((slot) => (
          <li key={slot}>
            <time class="number" dateTime={slot}>
              {slotText(slot, timezone)}
            </time>
          </li>
        ))}
      </ol>
    </div>
  )
}
