import { now } from '../live/clock.ts'
import { liveState } from '../live/live.ts'
import { secondsText } from '../parts/words.ts'

/** One word and a lamp: whether what one sees is now. */
export function LiveLamp() {
  const { state } = liveState.value
  const word = { connecting: 'Connecting', live: 'Live', down: 'Not live' }[state]
  return (
    <p class="lamp" data-state={state} id="live">
      <span class="lamp-light" aria-hidden="true" /> {word}
    </p>
  )
}

/** Over everything while the stream is away: since when, how old the view is, and when the next try is. */
export function LiveBanner() {
  const live = liveState.value
  if (live.state !== 'down') return null
  const age = secondsText(now.value - live.since)
  const next = Math.max(0, live.retryAt - now.value)
  const why = live.status === undefined ? 'The server does not answer' : `The server answered ${live.status}`
  return (
    <div class="banner" id="banner">
      <strong role="alert">Reconnecting. {why}.</strong>{' '}
      <span aria-hidden="true">
        The view is {age} old. {next < 1000 ? 'Trying now…' : `Next try in ${secondsText(next)}.`}
      </span>
    </div>
  )
}
