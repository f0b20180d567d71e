import { durationMs } from '../expressions/duration.ts'
import type { Trigger } from '../format/trigger.ts'
import { MAX_GROUP, MAX_STARTS } from '../routing/policies.ts'
import { keyProblem } from '../routing/policy-keys.ts'

/** Beyond this nobody remembers what a trigger waits for. */
const LONGEST_MS = 31 * 86_400_000

type Path = readonly PropertyKey[]
type Report = (path: Path, message: string, suggestion?: string) => void

/** Keys that name nothing, times that are none, numbers without effect: what a trigger's policies could not mean. */
export function checkPolicies(trigger: Trigger, index: number, report: Report): void {
  const { for: time, dedupe, group, limits = [], cooldown, concurrency, correlate } = trigger
  const base: Path = ['triggers', index]
  const keys = (list: readonly string[] | undefined, path: Path): void =>
    list?.forEach((text, place) => checkKey(text, [...path, place], report))
  const key = (text: string | undefined, path: Path): void => {
    if (text !== undefined) checkKey(text, path, report)
  }
  checkTime(time, [...base, 'for'], report)
  keys(dedupe?.key, [...base, 'dedupe', 'key'])
  checkTime(dedupe?.window, [...base, 'dedupe', 'window'], report)
  keys(group?.by, [...base, 'group', 'by'])
  checkTime(group?.wait, [...base, 'group', 'wait'], report, 0)
  atMost(group?.max, MAX_GROUP, [...base, 'group', 'max'], report)
  for (const [place, limit] of limits.entries()) {
    const path = [...base, 'limits', place]
    key(limit.key, [...path, 'key'])
    checkTime(limit.per, [...path, 'per'], report)
    atMost(limit.max, MAX_STARTS, [...path, 'max'], report)
  }
  key(cooldown?.key, [...base, 'cooldown', 'key'])
  checkTime(cooldown?.for, [...base, 'cooldown', 'for'], report)
  key(concurrency?.key, [...base, 'concurrency', 'key'])
  if (concurrency) checkConcurrency(concurrency, [...base, 'concurrency'], report)
  checkTime(correlate?.grace, [...base, 'correlate', 'grace'], report, 0)
}

function checkKey(text: string, path: Path, report: Report): void {
  const problem = keyProblem(text)
  if (problem) report(path, problem.message, problem.suggestion)
}

function checkTime(text: string | undefined, path: Path, report: Report, leastMs = 1): void {
  if (text === undefined) return
  const ms = durationMs(text)
  if (ms < leastMs || ms > LONGEST_MS)
    report(path, `expected ${leastMs === 0 ? 'at most 31d' : 'more than nothing and at most 31d'}, got ${text}`)
}

function atMost(value: number | undefined, most: number, path: Path, report: Report): void {
  if (value !== undefined && value > most) report(path, `expected at most ${most}, got ${value}`)
}

/** Words that the mode gives no meaning would be obeyed by nobody. */
function checkConcurrency(
  { mode = 'single', max, maxQueued, overflow }: NonNullable<Trigger['concurrency']>,
  path: Path,
  report: Report,
): void {
  if (mode === 'queue' || mode === 'parallel') return
  const without = (name: string): void =>
    report([...path, name], `${mode} means one run and nobody waiting: expected ${name} only with queue or parallel`)
  if (max !== undefined && max > 1) without('max')
  if (maxQueued !== undefined && maxQueued > 0) without('maxQueued')
  if (overflow === 'coalesce' || overflow === 'drop-oldest') without('overflow')
}
