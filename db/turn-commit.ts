import type { Address } from '../core/address.ts'
import type { Effect, StoredSnapshot } from '../core/effect.ts'
import type { Json } from '../core/json.ts'
import type { MachineEvent, Message } from '../core/message.ts'
import type { ActorStatus } from './actors.ts'
import type { Fragment, Sql } from './client.ts'
import type { Seen } from './turn-input.ts'

/** An actor's new state. `before` and `seen` are the fence: the commit changes nothing unless they are still true. */
export interface ActorChange {
  address: Address
  kind: string
  key: string
  status: ActorStatus
  /** 0: the actor is born in this commit. */
  before: number
  after: number
  /** Null for a birth. */
  seen: Seen | null
  snapshot: StoredSnapshot
  /** The snapshot as it is stored. */
  json: string
  machineHash: string
  version: string
  parent: Address | null
  childId: string | null
  root: Address
  systemId: string | null
  team: string
  parked: Json
  /** A child is born only if this actor's change, or its birth, commits too. */
  bornWith: Address | null
}

export interface HistoryRow {
  address: Address
  revision: number
  messageId: string
  event: MachineEvent
  from: Json
  to: Json
  status: string
  effects: Effect[]
  handled: boolean
  sender: string | null
  cause: string | null
  machineHash: string
  /** When the message came to the mailbox, or became due. Null for a birth. */
  acceptedAt: Date | null
}

/** Everything of a row belongs to the actor `by`, and is written only if that actor's change commits. */
export interface TurnCommit {
  changes: ActorChange[]
  /** Messages that an actor whose mailbox was not read (`Seen.unread`) may not have taken before. */
  firsts: { by: Address; messageId: string }[]
  history: HistoryRow[]
  consumed: { by: Address; mailboxId: string }[]
  mail: (Message & { by: Address })[]
  /** Armed, or armed anew, under the same id. */
  timers: {
    by: Address
    id: string
    armed: string
    delayMs: number
    event: MachineEvent
    /** Another actor that gets the event; null: the actor itself. */
    target: Address | null
    cause: string | null
  }[]
  timersGone: { by: Address; id: string }[]
  invocations: {
    by: Address
    effectId: string
    id: string
    born: string
    kind: 'promise' | 'action'
    src: string
    input: Json
    cause: string | null
  }[]
  invocationsGone: { by: Address; effectId: string }[]
  deadLetters: {
    by: Address
    messageId: string
    event: MachineEvent
    lane: number
    sender: string | null
    cause: string | null
    team: string
    reason: string
    error: Json
    /** Null: of an actor that the letter's team must not know of. */
    revision: number | null
    machineHash: string | null
  }[]
  events: EmittedEvent[]
  /** Actors that ended: their timers and invocations go; actions they asked for are still done. */
  ended: Address[]
}

/** An event that an actor emits. In the log its depth is one more than that of the event that led to it. */
export interface EmittedEvent {
  by: Address
  id: string
  team: string
  source: string
  sourceId: string
  bodyHash: string
  type: string
  subject: string | null
  data: Json
  causationid: string | null
  correlationid: string | null
  priority: number
}

/** Whose the first `limit` of the invocations are from the start, so that they need not be claimed afterwards. */
export interface FirstClaim {
  worker: string
  leaseMs: number
  limit: number
}

/** Pieces that the platform adds to the statement: CTEs that read `committed(address, revision)`. */
export type Projection = (sql: Sql, changes: ReadonlyMap<Address, ActorChange>) => { name: string; body: Fragment }[]

/** What became of it. */
export interface CommittedTurn {
  committed: Set<Address>
  /** Invocations that were claimed with it. */
  claimed: Set<string>
  /** The transaction that wrote the rows. */
  xid: string
  /** The database's time; undefined when nothing was committed. */
  now: Date | undefined
}
