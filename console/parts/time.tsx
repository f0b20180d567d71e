import { now } from '../live/clock.ts'
import { durationText, roughText, secondsText } from './words.ts'

/** How long ago; the exact time on hover. Counts on by itself. */
export function Ago({ at }: { at: string }) {
  const ms = now.value - Date.parse(at)
  if (Number.isNaN(ms)) return null
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {ms < 1500 ? 'just now' : `${roughText(ms)} ago`}
    </time>
  )
}

/** How long it took; counts on while there is no end. */
export function Duration({ from, to }: { from: string; to: string | null }) {
  const ms = to === null ? now.value - Date.parse(from) : Date.parse(to) - Date.parse(from)
  return <span class="number">{to === null ? secondsText(Math.max(0, ms)) : durationText(ms)}</span>
}

/** What is left until then; `over` once it is past. */
export function Countdown({ until, over = 'now' }: { until: string; over?: string }) {
  const left = Date.parse(until) - now.value
  return (
    <time dateTime={until} class="number" title={new Date(until).toLocaleString()}>
      {left > 0 ? secondsText(left) : over}
    </time>
  )
}
