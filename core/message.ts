import type { Address } from './address.ts'
import type { Json } from './json.ts'

/** Any event that an XState machine takes: a type and whatever belongs to it, as JSON. */
export type MachineEvent = { type: string; [key: string]: Json | undefined }

/** Lane 0 (pause, stop, approve, the runtime's own) overtakes lane 1. Inside a lane, mail keeps its order. */
export type Lane = 0 | 1

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
