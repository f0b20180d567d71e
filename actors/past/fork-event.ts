import type { Address } from '../../core/address.ts'
import type { StoredSnapshot } from '../../core/effect.ts'
import { type Json, toJson } from '../../core/json.ts'
import type { MachineEvent } from '../../core/message.ts'

/** The first entry of a fork's history: where it came from, and what it was there. Only the runtime writes it. */
export const FORK = 'xstate.fork'

/** Work that was under way at the revision a fork was taken from. */
export interface PendingWork {
  /** Names it in `snapshot.children`. */
  born: string
  id: string
  src: string
  input: Json
  /** True: the fork has the state that waits for it, and nobody does it. */
  held: boolean
}

/** What a fork begins with. */
export interface Beginning {
  from: { address: Address; revision: number }
  snapshot: StoredSnapshot
  pending: PendingWork[]
}

export function writeBeginning({ from, snapshot, pending }: Beginning): MachineEvent {
  return { type: FORK, from: toJson(from), snapshot: toJson(snapshot), pending: toJson(pending) }
}

/** Undefined for an actor that was born with its machine's first state. */
export function readBeginning(event: MachineEvent): Beginning | undefined {
  // Reserved types come from the runtime alone, so their members need no second look.
  return event.type === FORK ? (event as unknown as Beginning) : undefined
}
