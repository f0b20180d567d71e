/** What people call an action, a guard and a delay. Takes whatever a machine holds: XState types them as unknown. */

/** A name, or for XState's own actions what they do: `assign`, `raise(DONE after 5 s)`, `sendTo(parent, TICK)`, `emit(run.failed)`. */
export function nameAction(action: unknown): string {
  if (typeof action === 'string') return action
  const { type, name, to, src, event, delay, sendId } = members(action)
  if (typeof action !== 'function') return typeof type === 'string' ? type : INLINE
  if (typeof type !== 'string' || !type.startsWith('xstate.')) return nameFunction(name)
  const verb = type.slice('xstate.'.length)
  const facts = [to, members(event).type, src, sendId].filter((fact) => typeof fact === 'string')
  const when =
    typeof delay === 'number' ? ` after ${nameDuration(delay)}` : typeof delay === 'string' ? ` after ${delay}` : ''
  return facts.length > 0 ? `${verb}(${facts.join(', ').replace('#_parent', 'parent')}${when})` : `${verb}${when}`
}

/** `canRetry`, `not fresh`, `a and b`, `in on.idle`; undefined when there is no guard. */
export function nameGuard(guard: unknown): string | undefined {
  if (guard === undefined || guard === null) return undefined
  if (typeof guard === 'string') return guard
  const { type, name, guards, check, stateValue } = members(guard)
  if (typeof guard !== 'function') return typeof type === 'string' ? type : INLINE
  if (typeof check !== 'function') return nameFunction(name)
  if (!Array.isArray(guards)) return `in ${nameState(stateValue)}`
  const parts = guards.map((part: unknown) => nameGuard(part) ?? INLINE).map(bracket)
  return name === 'not' ? `not ${parts.join('')}` : parts.join(` ${String(name)} `)
}

/** `30 s`, `1.5 min`, `250 ms`. */
export function nameDuration(ms: number): string {
  for (const [unit, size] of UNITS) if (ms >= size) return `${Math.round((ms / size) * 100) / 100} ${unit}`
  return `${ms} ms`
}

const INLINE = '(inline)'
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const
/** Names that JavaScript gives an arrow function after the property that holds it: they say nothing. */
const INFERRED = new Set(['', 'actions', 'guard', 'entry', 'exit', 'anonymous'])

function nameFunction(name: unknown): string {
  return typeof name === 'string' && !INFERRED.has(name) ? name : INLINE
}

function bracket(guard: string): string {
  return / (and|or) /.test(guard) ? `(${guard})` : guard
}

function nameState(value: unknown): string {
  if (typeof value === 'string') return value.replace(/^#/, '')
  const parts = Object.entries(members(value)).map(([key, inner]) => {
    const rest = nameState(inner)
    return rest === '' ? key : `${key}.${rest}`
  })
  return parts.join(' and ')
}

/** The members of an object or a function; own names of a function (`name`) included. */
function members(value: unknown): Partial<Record<string, unknown>> {
  if (typeof value === 'function') return { ...Object.fromEntries(Object.entries(value)), name: value.name }
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}
