import { queue } from './concurrency.ts'
import { isCooling } from './cooldown.ts'
import { believeEnds, isUndone } from './correlate.ts'
import { isDuplicate, remember } from './dedupe.ts'
import { type Desk, enqueue, say } from './desk.ts'
import { gather, lead } from './group.ts'
import { hold } from './hold.ts'
import { limit } from './limits.ts'
import { isTooMuch } from './room.ts'
import type { Policed } from './state.ts'

/** What becomes of an event that a trigger with policies matched: asked in this order, the first that has a word decides. */
export function arrive(desk: Desk, item: Policed): void {
  if (isUndone(desk, item) || isDuplicate(desk, item)) return
  remember(desk, item)
  if (hold(desk, item)) return
  admit(desk, gather(desk, item))
}

/** What time alone decides: the end of `for`, of a group's wait, of the grace of an end. */
export function wake(desk: Desk): void {
  believeEnds(desk)
  const held = desk.policy.held.filter(({ dueAt }) => dueAt <= desk.at)
  desk.policy = { ...desk.policy, held: desk.policy.held.filter((one) => !held.includes(one)) }
  for (const { item } of held) admit(desk, gather(desk, item))
  const groups = desk.policy.groups.filter(({ dueAt }) => dueAt <= desk.at)
  desk.policy = { ...desk.policy, groups: desk.policy.groups.filter((one) => !groups.includes(one)) }
  for (const { items } of groups) admit(desk, lead(items))
}

/** Into the backlog, or not; whether it may start is asked once more when its turn comes. */
function admit(desk: Desk, item: Policed | undefined): void {
  if (!item || isCooling(desk, item)) return
  const limited = limit(desk, item)
  if (limited === 'dropped') return
  const queued = queue(desk, item)
  if (!queued) return
  const wait = limited?.wait ?? queued.wait
  if (wait === undefined) return enqueue(desk, queued.item)
  if (isTooMuch(desk, queued.item)) return
  say(desk, item, 'queued', wait)
  enqueue(desk, { ...queued.item, policy: { ...queued.item.policy, told: true } })
}
