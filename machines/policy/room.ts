import { type Desk, dismiss, waiting } from './desk.ts'
import type { Policed } from './state.ts'
import { sizeInWords } from './words.ts'

/** Bytes, as JSON, that events may take while policies make them wait: all of them are written with each step of the agent. */
export const MAX_BYTES = 2 * 1_048_576

/** True: it would wait, and there is no room for it; it was dropped, and that is said. */
export function isTooMuch(desk: Desk, item: Policed): boolean {
  const taken = bytesOf([...held(desk), ...waiting(desk)])
  const size = bytesOf([item])
  if (taken + size <= MAX_BYTES) return false
  const reason = `it takes ${sizeInWords(size)}, and of the ${sizeInWords(MAX_BYTES)} for events of this agent that wait ${sizeInWords(taken)} are taken`
  dismiss(desk, item, 'dropped', reason)
  return true
}

/** What waits out a time, or for more of its kind. */
export function held({ policy }: Pick<Desk, 'policy'>): Policed[] {
  return [...policy.held.map(({ item }) => item), ...policy.groups.flatMap(({ items }) => items)]
}

function bytesOf(items: readonly Policed[]): number {
  return items.reduce((sum, item) => sum + Buffer.byteLength(JSON.stringify(item)), 0)
}
