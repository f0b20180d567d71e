import type { Address } from './address.ts'
import type { Json } from './json.ts'

/** Any event that an XState machine takes: a type and whatever belongs to it, as JSON. */
export type MachineEvent = { type: string; [key: string]: Json | undefined }

/**
 * A lower lane overtakes a higher one; inside a lane, mail keeps its order. 0: pause, stop, approve. 1: everything else,
 * also timers and outcomes. Beyond: whatever a host wants to be taken later, such as tasks by their priority.
 */
export type Lane = number

/** An event addressed to one actor. `id` is its dedupe key: one address applies one id once, for ever. */
export interface Message {
  id: string
  to: Address
  event: MachineEvent
  lane: Lane
  /** The actor or principal that sent it; null when nobody said. */
  sender: string | null
  /** What led to it: an event of the log, or an effect (`address:revision:index`). */
  cause: string | null
}
