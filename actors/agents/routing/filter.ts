import { PASSES, refused, type Verdict } from '../expressions/verdict.ts'
import type { Filter, ShortFilters } from '../format/trigger.ts'

const COMPARISON = /^(>=|<=|==|!=|>|<)\s*(.+)$/

/**
 * The CloudEvents subscription dialects over attributes and dotted paths (`source`, `data.labels.host`). An absent
 * attribute fails `exact`, `prefix` and `suffix`. Never throws, whatever the event holds.
 */
export function matchFilter(filter: Filter, event: unknown): Verdict {
  if (filter.all) return first(filter.all.map((member) => matchFilter(member, event)))
  if (filter.any) {
    const verdicts = filter.any.map((member) => matchFilter(member, event))
    const reasons = verdicts.flatMap((verdict) => (verdict.matched ? [] : [verdict.reason]))
    return reasons.length < verdicts.length ? PASSES : refused(reasons.join(' and '))
  }
  if (filter.not)
    return matchFilter(filter.not, event).matched ? refused(`not: ${JSON.stringify(filter.not)} holds`) : PASSES
  return first([
    ...texts(filter.exact, event, 'is', (value, wanted) => value === wanted),
    ...texts(filter.prefix, event, 'starts with', (value, wanted) => value.startsWith(wanted)),
    ...texts(filter.suffix, event, 'ends with', (value, wanted) => value.endsWith(wanted)),
  ])
}

/**
 * The short form: every entry must hold. A key is looked up in the event's data, then in its labels, then in the
 * envelope; a list means "one of"; `">= 300"` compares. Numbers and booleans equal their text, since labels are text.
 */
export function matchShortFilters(filters: ShortFilters, event: unknown): Verdict {
  return first(Object.entries(filters).map(([key, wanted]) => matchShort(key, wanted, event)))
}

/** The value at a dotted path; only own members count, and a whole remaining path may be one key (`k8s.io/pod`). */
export function valueAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  const own = ownValue(value, path)
  if (own !== undefined) return own
  const dot = path.indexOf('.')
  return dot < 0 ? undefined : valueAt(ownValue(value, path.slice(0, dot)), path.slice(dot + 1))
}

function matchShort(key: string, wanted: ShortFilters[string], event: unknown): Verdict {
  const found = ['data', 'data.labels', ''].map((place) => valueAt(event, place === '' ? key : `${place}.${key}`))
  const value = found.find((candidate) => candidate !== undefined && candidate !== null)
  const choices = Array.isArray(wanted) ? wanted : [wanted]
  const values = Array.isArray(value) ? value : [value]
  if (values.some((one) => choices.some((choice) => equals(one, choice)))) return PASSES
  return refused(`filters.${key}: ${shown(value)} is not ${choices.map(String).join(' | ')}`)
}

function equals(value: unknown, wanted: string | number | boolean | null): boolean {
  const text = scalarText(value)
  const comparison = typeof wanted === 'string' ? COMPARISON.exec(wanted) : null
  const [, operator, right] = comparison ?? []
  if (operator === undefined || right === undefined)
    return wanted === null ? value === undefined || value === null : text === String(wanted)
  if (text === undefined) return operator === '!='
  if (operator === '==') return text === right
  if (operator === '!=') return text !== right
  const [a, b] = [toNumber(text), toNumber(right)]
  if (operator === '>=') return a >= b
  if (operator === '<=') return a <= b
  return operator === '>' ? a > b : a < b
}

function texts(
  wanted: Record<string, string> | undefined,
  event: unknown,
  verb: string,
  holds: (value: string, wanted: string) => boolean,
): Verdict[] {
  return Object.entries(wanted ?? {}).map(([path, text]) => {
    const value = valueAt(event, path)
    const found = scalarText(value)
    return found !== undefined && holds(found, text)
      ? PASSES
      : refused(`filter: ${path} ${shown(value)} does not hold "${verb} ${text}"`)
  })
}

function first(verdicts: Verdict[]): Verdict {
  return verdicts.find((verdict) => !verdict.matched) ?? PASSES
}

/** Not a number for empty text: `Number('')` is 0, and an empty label is not "below 10". */
function toNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text)
}

function scalarText(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined
}

function shown(value: unknown): string {
  return (
    scalarText(value) ??
    (value === undefined || value === null ? 'nothing' : Array.isArray(value) ? 'a list' : 'an object')
  )
}

function ownValue(object: unknown, key: string): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, key)) return undefined
  return Object.getOwnPropertyDescriptor(object, key)?.value
}
