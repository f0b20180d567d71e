import { type Desk, dismiss, earliest, placeOf, waiting } from './desk.ts'
import type { Policed } from './state.ts'
import type { Limit } from './terms.ts'
import { counted, inWords, timeInWords } from './words.ts'

/** Events of one key that wait for a window to open; a further one is dropped, and that is said. */
const MAX_WAITING = 1_000

/** `dropped`: it was over a limit that drops, and ends here. Otherwise why it has to wait, if it has to. */
export function limit(desk: Desk, item: Policed): 'dropped' | { wait: string } | undefined {
  let wait: string | undefined
  for (const one of item.policy.terms.limits ?? []) {
    const place = placeOf(item, nameOf(one))
    const waits = waiting(desk).filter((other) => namesOf(other).includes(place)).length
    if (begun(desk, place, one).length + waits < one.max) continue
    const at = opensAt(desk, place, one)
    const why = `${counted(one.max, 'run')} in ${inWords(one.perMs)} for ${one.key}${at === undefined ? '' : `, the next after ${timeInWords(at)}`}`
    if (one.overflow === 'drop' || waits >= MAX_WAITING) {
      dismiss(desk, item, 'limited', one.overflow === 'drop' ? why : `${why}; ${counted(waits, 'event')} wait already`)
      return 'dropped'
    }
    wait ??= why
  }
  return wait === undefined ? undefined : { wait }
}

/** When all of its windows have room again; undefined: they have. */
export function limitedUntil(desk: Pick<Desk, 'at' | 'policy'>, item: Policed): number | undefined {
  const times = (item.policy.terms.limits ?? []).flatMap((one) => opensAt(desk, placeOf(item, nameOf(one)), one) ?? [])
  return times.length === 0 ? undefined : Math.max(...times)
}

/** Counts a start. */
export function countStart(desk: Pick<Desk, 'at' | 'policy'>, item: Policed): void {
  for (const one of item.policy.terms.limits ?? []) {
    const place = placeOf(item, nameOf(one))
    const at = [...begun(desk, place, one), desk.at].slice(-one.max)
    desk.policy = { ...desk.policy, starts: { ...desk.policy.starts, [place]: { at, perMs: one.perMs } } }
  }
}

/** Starts that the window holds now. */
function begun({ at, policy }: Pick<Desk, 'at' | 'policy'>, place: string, { perMs }: Limit): number[] {
  return (policy.starts[place]?.at ?? []).filter((start) => start > at - perMs)
}

function opensAt(desk: Pick<Desk, 'at' | 'policy'>, place: string, one: Limit): number | undefined {
  const starts = begun(desk, place, one)
  return starts.length < one.max ? undefined : (earliest(starts.slice(-one.max)) ?? 0) + one.perMs
}

/** Two windows over one key are remembered apart. */
function nameOf({ max, perMs, key }: Limit): string {
  return `${max}/${perMs}|${key}`
}

function namesOf(item: Policed): string[] {
  return (item.policy.terms.limits ?? []).map((one) => placeOf(item, nameOf(one)))
}
