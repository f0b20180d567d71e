import { type Desk, dismiss, placeOf } from './desk.ts'
import type { Policed } from './state.ts'
import { counted, inWords } from './words.ts'

/** True: an event of this key came within the window, and this one joins it. The window slides from the last one. */
export function isDuplicate(desk: Desk, item: Policed): boolean {
  const { dedupe } = item.policy.terms
  if (dedupe === undefined) return false
  const place = placeOf(item, dedupe.key)
  const first = desk.policy.seen[place]
  // One that is routed once more is no duplicate of itself.
  if (first === undefined || first.until <= desk.at || first.event === item.task.eventId) return false
  const count = first.count + 1
  keep(desk, place, { event: first.event, count, until: desk.at + dedupe.windowMs })
  const reason = `${dedupe.key} came before, ${counted(count, 'time')} by now, each within ${inWords(dedupe.windowMs)} of the last`
  dismiss(desk, item, 'duplicate', reason, first.event)
  return true
}

export function remember(desk: Desk, item: Policed): void {
  const { dedupe } = item.policy.terms
  if (dedupe === undefined) return
  const event = item.task.eventId
  keep(desk, placeOf(item, dedupe.key), { event, count: 1, until: desk.at + dedupe.windowMs })
}

function keep(desk: Desk, place: string, what: Desk['policy']['seen'][string]): void {
  desk.policy = { ...desk.policy, seen: { ...desk.policy.seen, [place]: what } }
}
