import { useWaiting } from './waiting.ts'

/** How much needs a person, wherever one is. */
export function Badge() {
  const inbox = useWaiting().data.value
  if (!inbox) return null
  const count = inbox.runs.length + inbox.devices.length + inbox.deadLetters + inbox.parked
  if (count === 0) return null
  return (
    <span class="nav-badge">
      {count > 999 ? '999+' : count}
      <span class="quiet"> need a person</span>
    </span>
  )
}
