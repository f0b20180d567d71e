import type { Address } from './address.ts'
import type { Json } from './json.ts'
import type { MachineEvent } from './message.ts'

/** Where mail of a step goes: an actor by address, or one of the same family by XState's system id. */
export type Target = { address: Address } | { systemId: string }

/**
 * What a transition asks for, as data. Nothing has happened until the turn is committed, and then all of it has.
 * An effect is named `address:revision:index`; `index` is its place in the list.
 */
export type Effect =
  | { type: 'send'; to: Target; event: MachineEvent }
  | { type: 'timer'; id: string; delayMs: number; event: MachineEvent; to: Target | null }
  | { type: 'cancel'; id: string }
  | { type: 'invoke'; id: string; src: string; input: Json }
  | { type: 'spawn'; id: string; src: string; kind: string; address: Address; input: Json; systemId: string | null }
  | { type: 'stop'; id: string; address: Address | null }
  | { type: 'emit'; event: MachineEvent }
  | { type: 'action'; name: string; params: Json }

/** A child as its parent remembers it: an invocation, or an actor of its own. */
export interface StoredChild {
  src: string
  /** `revision.index` of the effect that asked for it: tells two lives under one id apart. */
  born: string
  /** Present when the child is an actor. */
  address?: Address
  systemId?: string
}

/** What is stored of a machine's state: XState's persisted snapshot, with children as references only. */
export interface StoredSnapshot {
  status: 'active' | 'done' | 'error' | 'stopped'
  value: Json
  context: Json
  tags: string[]
  historyValue: { [id: string]: { id: string }[] }
  children: { [id: string]: StoredChild }
  output: Json
  error: Json
}
