import { inOrder } from '../agent-backlog.ts'
import type { AgentContext } from '../agent-protocol.ts'
import type { Active, Failed, Waiting } from '../agent-task.ts'
import type { RunMessage } from '../run-protocol.ts'
import { NOTHING, type Policed, type PolicyState, pruned } from './state.ts'
import type { Decision, Mark } from './terms.ts'

/** Where one step's policies are worked on: lists are replaced, never changed in place. */
export interface Desk {
  readonly at: number
  backlog: Waiting[]
  active: Active[]
  failed: readonly Failed[]
  policy: PolicyState
  /** What became of events, in the order in which it was decided. */
  readonly said: Decision[]
  /** What runs are told. */
  readonly orders: { run: string; event: RunMessage }[]
}

const MAX_MEMBERS = 100

export function openDesk(context: Pick<AgentContext, 'backlog' | 'active' | 'failed' | 'policy'>, at: number): Desk {
  const { backlog, active, failed, policy = NOTHING } = context
  return { at, backlog, active, failed, policy, said: [], orders: [] }
}

/** What the agent knows afterwards, and when it has to wake itself; the alarm is to be set anew where that changed. */
export function closeDesk(desk: Desk) {
  const { backlog, active, failed } = desk
  const { held, groups, ending, alarmAt } = desk.policy
  const dueAt = earliest([...held, ...groups, ...ending].map((one) => one.dueAt))
  const policy = pruned({ ...desk.policy, alarmAt: dueAt ?? null }, desk.at)
  // One that should have rung may have been lost on a worker that did not know it.
  const stands = (dueAt ?? null) === alarmAt && (alarmAt === null || alarmAt > desk.at)
  return { state: { backlog, active, failed: [...failed], policy }, alarm: stands ? undefined : (dueAt ?? null) }
}

export function say(desk: Desk, item: Policed, outcome: Decision['outcome'], reason: string, into?: string): void {
  const { task, policy } = item
  const { version } = policy.terms
  desk.said.push({ event: task.eventId, trigger: task.trigger, version, outcome, reason, into: into ?? null })
}

/** The event ends here, without a run of its own: whoever would have been its duplicate is news again. */
export function dismiss(desk: Desk, item: Policed, outcome: Decision['outcome'], reason: string, into?: string): void {
  say(desk, item, outcome, reason, into)
  if (into !== undefined || item.policy.terms.dedupe === undefined) return
  const events = new Set(item.policy.members.map(({ event }) => event))
  const seen = Object.entries(desk.policy.seen).filter(([, { event }]) => !events.has(event))
  desk.policy = { ...desk.policy, seen: Object.fromEntries(seen) }
}

export function enqueue(desk: Desk, item: Policed): void {
  desk.backlog = inOrder([...desk.backlog, item])
}

/** From what waits, and from what failed and would be tried again. */
export function withdraw(desk: Desk, items: readonly Waiting[]): void {
  if (items.length === 0) return
  desk.backlog = desk.backlog.filter((one) => !items.includes(one))
  desk.failed = desk.failed.filter((one) => !items.includes(one))
}

/** Puts another mark on a task, wherever it stands. */
export function remark(desk: Desk, item: Policed, mark: Mark): void {
  const marked = <One extends Waiting>(one: One): One => (one === item ? { ...one, policy: mark } : one)
  desk.backlog = desk.backlog.map(marked)
  desk.active = desk.active.map(marked)
  desk.failed = desk.failed.map(marked)
}

/** What waits in the backlog and was not let in yet. */
export function waiting(desk: Pick<Desk, 'backlog'>): Policed[] {
  return desk.backlog.filter(isPoliced).filter(({ policy }) => !policy.admitted)
}

/** What waits, runs, or failed and would be tried again. */
export function policed({ backlog, active, failed }: Pick<Desk, 'backlog' | 'active' | 'failed'>): Policed[] {
  return [...backlog, ...active, ...failed].filter(isPoliced)
}

export function isPoliced<One extends Waiting>(one: One): one is One & Policed {
  return one.policy !== undefined
}

/** The newest speaks for all: its task, at the oldest one's place in line, as urgent as the most urgent. */
export function merged(older: readonly Policed[], newest: Policed): Policed {
  const all = [...older, newest]
  const task = {
    ...newest.task,
    at: Math.min(...all.map((one) => one.task.at)),
    priority: Math.max(...all.map((one) => one.task.priority)),
  }
  return { ...newest, task, policy: { ...newest.policy, ...together(all) } }
}

/** The events of several tasks. */
export function together(items: readonly Policed[]): Pick<Mark, 'members' | 'count'> {
  return {
    members: items.flatMap((one) => one.policy.members).slice(-MAX_MEMBERS),
    count: items.reduce((sum, one) => sum + one.policy.count, 0),
  }
}

/** Under which a policy of this trigger remembers something of this key. */
export function placeOf({ policy }: Policed, key: string): string {
  return `${policy.terms.scope}|${key}`
}

export function earliest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : Math.min(...times)
}
