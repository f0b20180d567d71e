import { beginQuiet } from './cooldown.ts'
import { type Desk, dismiss, isPoliced, policed, remark, say, together, withdraw } from './desk.ts'
import type { Policed } from './state.ts'
import type { AlertEnd, Correlate, Mark, Member } from './terms.ts'
import { CONSEQUENCES, inWords } from './words.ts'

/** An alert is over: what waits because of it is let go, and what runs hears of it as its trigger says. */
export function endAlert(desk: Desk, end: AlertEnd): void {
  letHeldGo(desk, end)
  for (const one of policed(desk)) {
    const { correlate } = one.policy.terms
    if (!correlate || !one.policy.members.some((member) => concerns(end, member))) continue
    const members = one.policy.members.map((member) =>
      concerns(end, member) ? { ...member, ended: true as const } : member,
    )
    const marked = { ...one.policy, members }
    remark(desk, one, marked)
    if (!isOver(correlate, members)) continue
    const of = one.task.eventId
    if (correlate.graceMs <= 0) conclude(desk, { ...one, policy: marked }, end)
    else
      desk.policy = { ...desk.policy, ending: [...desk.policy.ending, { of, end, dueAt: desk.at + correlate.graceMs }] }
  }
}

/** True: the alert fires again before its end was believed, so it never ended, and the event joins what is there. */
export function isUndone(desk: Desk, item: Policed): boolean {
  const { alert, scope } = item.policy.terms
  const undone = desk.policy.ending.filter(({ end }) => end.fingerprint === alert?.fingerprint)
  const found = [...desk.backlog, ...desk.active]
    .filter(isPoliced)
    .find((one) => one.policy.terms.scope === scope && undone.some(({ of }) => of === one.task.eventId))
  if (!found) return false
  const mine = undone.filter(({ of }) => of === found.task.eventId)
  const graceMs = found.policy.terms.correlate?.graceMs ?? 0
  desk.policy = { ...desk.policy, ending: desk.policy.ending.filter((one) => !mine.includes(one)) }
  const members = found.policy.members.map(
    ({ ended, ...member }): Member =>
      ended && member.fingerprint !== alert?.fingerprint ? { ...member, ended } : member,
  )
  const mark: Mark = { ...found.policy, members }
  remark(desk, found, { ...mark, ...together([{ ...found, policy: mark }, item]) })
  say(
    desk,
    item,
    'correlated',
    `fires again within the grace of ${inWords(graceMs)}: it was never over`,
    found.task.eventId,
  )
  return true
}

/** Ends that were not undone in time. */
export function believeEnds(desk: Desk): void {
  const due = desk.policy.ending.filter(({ dueAt }) => dueAt <= desk.at)
  if (due.length === 0) return
  desk.policy = { ...desk.policy, ending: desk.policy.ending.filter((one) => !due.includes(one)) }
  for (const { of, end } of due) {
    const one = policed(desk).find(({ task }) => task.eventId === of)
    if (one) conclude(desk, one, end)
  }
}

function letHeldGo(desk: Desk, end: AlertEnd): void {
  // The latest speaks for all before it: where the alert fires anew by now, the end of the time before ends nothing.
  const over = ({ policy }: Policed): boolean => {
    const latest = policy.members.findLast(({ fingerprint }) => fingerprint === end.fingerprint)
    return latest !== undefined && concerns(end, latest)
  }
  const held = desk.policy.held.filter(({ item }) => over(item))
  const grouped = desk.policy.groups.flatMap(({ items }) => items.filter(over))
  if (held.length + grouped.length === 0) return
  desk.policy = {
    ...desk.policy,
    held: desk.policy.held.filter((one) => !held.includes(one)),
    groups: desk.policy.groups
      .map((one) => ({ ...one, items: one.items.filter((item) => !over(item)) }))
      .filter(({ items }) => items.length > 0),
  }
  for (const { item } of held) dismiss(desk, item, 'correlated', `the alert was ${end.how} before its time was over`)
  for (const item of grouped) dismiss(desk, item, 'correlated', `the alert was ${end.how} while its group waited`)
}

function conclude(desk: Desk, one: Policed, end: AlertEnd): void {
  const { onResolved } = one.policy.terms.correlate ?? { onResolved: 'note' }
  const run = desk.active.find(({ task }) => task.eventId === one.task.eventId)
  if (!run && (!one.policy.admitted || onResolved !== 'note')) {
    withdraw(
      desk,
      [...desk.backlog, ...desk.failed].filter(({ task }) => task.eventId === one.task.eventId),
    )
    dismiss(
      desk,
      one,
      'correlated',
      `the alert was ${end.how} before a run began${one.policy.admitted ? ' once more' : ''}`,
    )
    // It will not be tried again, so this is its end.
    if (one.policy.admitted) beginQuiet(desk, one, 'run.end')
    return
  }
  say(desk, one, 'correlated', `the alert was ${end.how}: ${CONSEQUENCES[onResolved]}`)
  if (!run || !isPoliced(run) || onResolved === 'note') return
  remark(desk, run, { ...run.policy, letGo: run.policy.letGo ?? 'resolved' })
  const reason = `the alert was ${end.how}`
  desk.orders.push({ run: run.run, event: { type: 'RESOLVED', end: onResolved, by: 'trigger', reason } })
}

function isOver({ resolveOn }: Correlate, members: readonly Member[]): boolean {
  // An alert that fires anew is not over, whatever became of the time before.
  const alerts = members.filter(
    ({ fingerprint }, place) =>
      fingerprint !== null && members.findLastIndex((one) => one.fingerprint === fingerprint) === place,
  )
  if (resolveOn === 'all') return alerts.every(({ ended }) => ended)
  if (resolveOn === 'first') return alerts.some(({ ended }) => ended)
  return resolveOn === 'last' && (alerts.at(-1)?.ended ?? false)
}

/**
 * The end of this very episode, or of a later one. A beginning that the end does not know of is told apart by the ids of
 * the log, which grow: the end of an episode never ends the next one.
 */
function concerns(end: AlertEnd, member: Member): boolean {
  if (member.ended || member.fingerprint !== end.fingerprint) return false
  if (member.startsAt !== null && end.startsAt !== null) return Date.parse(end.startsAt) >= Date.parse(member.startsAt)
  return end.event > member.event
}
