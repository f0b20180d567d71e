import type { Waiting } from '../agent-task.ts'
import type { AlertEnd, Mark } from './terms.ts'

/** A task that came with terms. */
export type Policed = Waiting & { policy: Mark }

/** What an agent remembers for its policies; absent while there is nothing to remember. Times are milliseconds since the epoch. */
export interface PolicyState {
  /** Waits out `for`. */
  held: { item: Policed; dueAt: number }[]
  /** Wait for more of their kind; the first item leads. */
  groups: { key: string; items: Policed[]; dueAt: number }[]
  /** Ends of alerts that are not believed yet. `of`: the event of the task. */
  ending: { of: string; end: AlertEnd; dueAt: number }[]
  /** `dedupe`: the event that a further one is a duplicate of. */
  seen: { [key: string]: { event: string; count: number; until: number } }
  /** `limits`: when runs began, the latest `max` of them. */
  starts: { [key: string]: { at: number[]; perMs: number } }
  /** `cooldown`: until when nothing starts. */
  quiet: { [key: string]: number }
  /** When it wakes itself next. */
  alarmAt: number | null
}

export const NOTHING: PolicyState = {
  held: [],
  groups: [],
  ending: [],
  seen: {},
  starts: {},
  quiet: {},
  alarmAt: null,
}

/** Keys that each of `seen`, `starts` and `quiet` remembers, and their bytes; beyond that what would be over first is forgotten. */
const MAX_KEYS = 1_000
const MAX_KEY_BYTES = 524_288

/** What is still worth remembering; undefined when nothing is. */
export function pruned(state: PolicyState, at: number): PolicyState | undefined {
  const { held, groups, ending, alarmAt } = state
  const seen = kept(state.seen, (one) => one.until, at)
  const quiet = kept(state.quiet, (until) => until, at)
  const starts = kept(state.starts, (one) => (one.at.at(-1) ?? 0) + one.perMs, at)
  const empty = [held, groups, ending, ...[seen, quiet, starts].map(Object.keys)].every((list) => list.length === 0)
  return empty ? undefined : { held, groups, ending, seen, starts, quiet, alarmAt }
}

function kept<Value>(map: { [key: string]: Value }, endOf: (value: Value) => number, at: number) {
  const entries = Object.entries(map)
  const live = entries.filter(([, value]) => endOf(value) > at)
  const least = live.length > MAX_KEYS || bytesOf(live) > MAX_KEY_BYTES ? withoutSoonest(live, endOf) : live
  return least.length === entries.length ? map : Object.fromEntries(least)
}

function withoutSoonest<Value>(live: [string, Value][], endOf: (value: Value) => number): [string, Value][] {
  const latest = live.toSorted(([, a], [, b]) => endOf(b) - endOf(a)).slice(0, MAX_KEYS)
  let bytes = 0
  return latest.filter((entry) => (bytes += bytesOf([entry])) <= MAX_KEY_BYTES)
}

function bytesOf(entries: readonly [string, unknown][]): number {
  return entries.reduce((sum, entry) => sum + Buffer.byteLength(JSON.stringify(entry)), 0)
}
