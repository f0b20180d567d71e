import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { Icon } from '../../base/icon.tsx'
import { useShortcuts } from '../../base/keyboard.ts'
import { liveState } from '../../live/live.ts'
import { Ago } from '../../parts/time.tsx'
import { eventName, stateText } from '../../parts/words.ts'
import type { ActorModel } from './model.ts'

const STEP_MS = 900
const SPEEDS = [1, 4] as const

/** The actor's past as one line: drag, step, play, and let go of it to see what happens now. */
export function HistoryScrubber({ model }: { model: ActorModel }) {
  const head = model.head.value
  const at = model.at.value ?? head
  const live = model.at.value === undefined
  const speed = useSignal<0 | 1 | 4>(0)
  const step = (by: number): void => {
    speed.value = 0
    model.look((model.at.peek() ?? model.head.peek()) + by)
  }
  const toggle = (wanted: 1 | 4): void => {
    speed.value = speed.peek() === wanted ? 0 : wanted
    // From the end there is nothing to play: from the beginning, then.
    if (speed.peek() !== 0 && model.at.peek() === undefined) model.look(1)
  }
  useEffect(() => {
    if (speed.value === 0) return undefined
    const timer = setInterval(() => {
      const current = model.at.peek()
      if (current === undefined) speed.value = 0
      else model.look(current + 1)
    }, STEP_MS / speed.value)
    return () => clearInterval(timer)
  }, [speed.value, model])
  useShortcuts([
    { keys: 'ArrowLeft', label: 'History: one back', run: () => step(-1) },
    { keys: 'ArrowRight', label: 'History: one on', run: () => step(1) },
    { keys: ' ', label: 'History: play, pause', run: () => toggle(1) },
    { keys: 'l', label: 'History: now', run: () => model.look(undefined) },
  ])
  if (head === 0) return null
  return (
    <div class="scrubber" role="group" aria-label="History">
      <div class="scrubber-keys">
        <button type="button" class="icon-button" aria-label="One back" title="One back (←)" onClick={() => step(-1)}>
          <Icon name="back" />
        </button>
        {SPEEDS.map((wanted) => (
          <button
            key={wanted}
            type="button"
            class="icon-button"
            aria-pressed={speed.value === wanted}
            aria-label={`Play ×${wanted}`}
            title={wanted === 1 ? 'Play (space)' : 'Play four times as fast'}
            onClick={() => toggle(wanted)}
          >
            {wanted === 1 ? <Icon name={speed.value === 1 ? 'pause' : 'play'} /> : <small>×4</small>}
          </button>
        ))}
        <button type="button" class="icon-button" aria-label="One on" title="One on (→)" onClick={() => step(1)}>
          <Icon name="chevron" />
        </button>
      </div>
      <input
        type="range"
        aria-label="Revision"
        aria-valuetext={`Revision ${at} of ${head}`}
        min={1}
        max={head}
        value={at}
        style={{ '--done': `${head <= 1 ? 0 : ((at - 1) / (head - 1)) * 100}%` }}
        onInput={(event) => {
          speed.value = 0
          model.look(Number(event.currentTarget.value))
        }}
      />
      <span class="scrubber-at number">
        {at} <span class="muted">/ {head}</span>
      </span>
      <button
        type="button"
        class="live-pin"
        aria-pressed={live}
        data-live={liveState.value.state}
        title="Follow what happens now (l)"
        onClick={() => {
          speed.value = 0
          model.look(undefined)
        }}
      >
        <span class="live-dot" aria-hidden="true" /> Live
      </button>
      <Transition model={model} />
    </div>
  )
}

/** The transition that led to what is seen, in one line. */
function Transition({ model }: { model: ActorModel }) {
  const last = model.last.value
  if (!last) return <p class="scrubber-line muted">Reading…</p>
  const [from, to] = [stateText(last.from), stateText(last.to)]
  return (
    <p class="scrubber-line">
      <strong>{eventName(last.event.type)}</strong>{' '}
      <span class="muted">{from === to ? `stays in ${to}` : `${from} → ${to}`}</span>{' '}
      <span class="muted">
        · <Ago at={last.at} />
      </span>
    </p>
  )
}
