import type { Address } from '../../../core/address.ts'
import type { Json } from '../../../core/json.ts'
import type { Principal } from '../../../core/principal.ts'
import type { ArrivalRow } from '../../../db/feed.ts'

export const TOPICS = ['actors', 'events', 'alerts', 'devices'] as const
/** `alerts` and `devices` are the moves of those actors; `actors` is all moves; `events` is the log. */
export type Topic = (typeof TOPICS)[number]

/** What happens, as it is committed. */
export interface LiveApi {
  /** The cursor that stands for now, for these topics. */
  now(topics: readonly Topic[]): Promise<string>
  /** The team's, from a cursor on, without gaps or doubles, in the order of commits for each of moves and events. */
  follow(by: Principal, options: LiveOptions): AsyncIterable<LiveItem>
}

export interface LiveOptions {
  cursor: string
  topics: readonly Topic[]
  /** Moves of these kinds of actors only. */
  kinds?: readonly string[] | undefined
  /** Moves of these actors only. */
  addresses?: readonly Address[] | undefined
  signal: AbortSignal
}

/** `cursor`: go on from here. */
export type LiveItem = { cursor: string } & (
  | {
      event: 'actor'
      data: {
        address: Address
        kind: string
        revision: number
        event: { type: string }
        from: Json
        to: Json
        status: string
        at: Date
      }
    }
  | {
      event: 'event'
      data: Omit<ArrivalRow, 'team' | 'cursor'>
    }
  /** The reader was too slow for what is kept for it; what follows was read again, nothing is left out. */
  | { event: 'gap'; data: { reason: string } }
)
