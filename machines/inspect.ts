import { __unsafe_getAllOwnEventDescriptors, type AnyStateMachine } from 'xstate'
import type { StoredSnapshot } from '../core/effect.ts'
import type { Json } from '../core/json.ts'
import { restore } from './restore.ts'

/** Event types that the actor's present states have transitions for; the runtime's own are left out. */
export function nextEvents(machine: AnyStateMachine, stored: StoredSnapshot): string[] {
  const types: string[] = __unsafe_getAllOwnEventDescriptors(restore(machine, stored))
  return types.filter((type) => type !== '' && !type.startsWith('xstate.')).sort()
}

/** The paths of all active states of a state value, outermost first: `{ a: 'b' }` → `a`, `a.b`. */
export function activePaths(value: Json, prefix = ''): string[] {
  if (typeof value === 'string') return [prefix + value]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => [prefix + key, ...activePaths(inner, `${prefix}${key}.`)])
}
