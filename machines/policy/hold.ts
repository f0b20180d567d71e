import { type Desk, dismiss, merged, say } from './desk.ts'
import { held, isTooMuch } from './room.ts'
import type { Policed } from './state.ts'
import { counted, inWords } from './words.ts'

/** Events that wait out `for` or for their group; a further one is dropped, and that is said. So is one that is too large. */
const MAX_HELD = 500

/** True: it waits until the alert has fired for long enough, or was dropped because too many do. */
export function hold(desk: Desk, item: Policed): boolean {
  const { forMs, alert } = item.policy.terms
  if (forMs === undefined || forMs <= 0) return false
  const before = desk.policy.held.filter(
    ({ item: other }) =>
      alert !== null &&
      other.policy.terms.scope === item.policy.terms.scope &&
      other.policy.terms.alert?.fingerprint === alert.fingerprint,
  )
  const older = before.map((one) => one.item)
  for (const one of older) {
    dismiss(desk, one, 'coalesced', 'the alert fired anew before its time was over', item.task.eventId)
  }
  desk.policy = { ...desk.policy, held: desk.policy.held.filter((one) => !before.includes(one)) }
  if (isFull(desk, item)) return true
  say(desk, item, 'held', `starts in ${inWords(forMs)} unless the alert is over before`)
  const kept = merged(older, { ...item, policy: { ...item.policy, told: true } })
  desk.policy = { ...desk.policy, held: [...desk.policy.held, { item: kept, dueAt: desk.at + forMs }] }
  return true
}

/** True: there was no room for it any more. */
export function isFull(desk: Desk, item: Policed): boolean {
  if (held(desk).length < MAX_HELD) return isTooMuch(desk, item)
  dismiss(desk, item, 'dropped', `${counted(MAX_HELD, 'event')} of this agent are held already`)
  return true
}
