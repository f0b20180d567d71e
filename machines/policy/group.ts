import { type Desk, enqueue, isPoliced, placeOf, remark, say, together, withdraw } from './desk.ts'
import { isFull } from './hold.ts'
import type { Policed } from './state.ts'
import type { Mark } from './terms.ts'
import { counted, inWords } from './words.ts'

/**
 * Puts an event into its group. Answers the group's one task when it is ready to go on: at once for a trigger without
 * groups, otherwise when its time is over or it is full. While the run of a group is open, further events join it.
 */
export function gather(desk: Desk, item: Policed): Policed | undefined {
  const { group } = item.policy.terms
  if (group === undefined) return item
  const key = placeOf(item, group.key)
  const open = [...desk.active, ...desk.backlog]
    .filter(isPoliced)
    .find((one) => keyOf(one) === key && one.policy.members.length < group.max && one.policy.letGo === undefined)
  if (open) {
    join(desk, open, item)
    return undefined
  }
  const others = desk.policy.groups.filter((one) => one.key !== key)
  const before = desk.policy.groups.find((one) => one.key === key)
  const items = [...(before?.items ?? []), item]
  if (items.length >= group.max || (group.waitMs <= 0 && !before)) {
    desk.policy = { ...desk.policy, groups: others }
    const [first] = items
    if (first && first !== item)
      say(desk, item, 'grouped', `the last that ${group.key} has room for`, first.task.eventId)
    return lead(items)
  }
  if (isFull(desk, item)) return undefined
  const dueAt = before?.dueAt ?? desk.at + group.waitMs
  if (!before) say(desk, item, 'grouped', `the first of ${group.key}: waits ${inWords(group.waitMs)} for more`)
  else
    say(
      desk,
      item,
      'grouped',
      `${counted(items.length, 'event')} of ${group.key} by now`,
      before.items[0]?.task.eventId,
    )
  desk.policy = { ...desk.policy, groups: [...others, { key, items, dueAt }] }
  return undefined
}

/** One task for all: that of the first, as urgent as the most urgent. */
export function lead(items: readonly Policed[]): Policed | undefined {
  const [first] = items
  if (!first) return undefined
  const priority = Math.max(...items.map((one) => one.task.priority))
  const policy: Mark = { ...first.policy, ...together(items), told: true }
  return { ...first, task: { ...first.task, priority }, policy }
}

function join(desk: Desk, open: Policed, item: Policed): void {
  const { group } = item.policy.terms
  say(desk, item, 'grouped', `joins the run for ${group?.key}`, open.task.eventId)
  const mark = { ...open.policy, ...together([open, item]) }
  if (desk.backlog.includes(open) && item.task.priority > open.task.priority) {
    withdraw(desk, [open])
    enqueue(desk, { ...open, task: { ...open.task, priority: item.task.priority }, policy: mark })
  } else remark(desk, open, mark)
}

function keyOf(one: Policed): string | undefined {
  const { group } = one.policy.terms
  return group && placeOf(one, group.key)
}
