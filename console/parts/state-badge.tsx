import { type Tone, toneOf } from './tone.ts'

/** One shape a tone, so that nobody needs the colour. */
const SHAPES: Readonly<Record<Tone, string>> = {
  idle: 'M6 10.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9Z',
  busy: 'M3 1.5 10.5 6 3 10.5Z',
  ok: 'M1.5 6.5 4.5 9.5 10.5 2.5',
  wait: 'M3.5 2v8M8.5 2v8',
  bad: 'M2 2l8 8M10 2l-8 8',
  over: 'M2 2h8v8H2Z',
}

/** A state or status as a word with a shape; the tone follows from the word unless it is given. */
export function StateBadge({ state, tone = toneOf(state) }: { state: string; tone?: Tone }) {
  return (
    <span class="badge" data-tone={tone} title={state}>
      <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
        <path d={SHAPES[tone]} />
      </svg>
      <span class="clip">{state}</span>
    </span>
  )
}
