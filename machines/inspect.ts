import { __unsafe_getAllOwnEventDescriptors, type AnyStateMachine } from 'xstate'
import type { StoredSnapshot } from '../core/effect.ts'
import { restore } from './restore.ts'

/** Event types that the actor's present states have transitions for; the runtime's own are left out. */
export function nextEvents(machine: AnyStateMachine, stored: StoredSnapshot): string[] {
  const types: string[] = __unsafe_getAllOwnEventDescriptors(restore(machine, stored))
  return types.filter((type) => type !== '' && !type.startsWith('xstate.')).sort()
}
