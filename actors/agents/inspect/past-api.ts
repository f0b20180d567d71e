import type { Address } from '../../../core/address.ts'
import type { Json } from '../../../core/json.ts'
import type { Principal } from '../../../core/principal.ts'
import type { HistoryEntry } from '../../../db/history.ts'
import type { PastMail } from '../../../db/past.ts'
import type { Forked } from '../../runtime.ts'

/** Actors as they were. Another team's are as if they were not there. */
export interface PastApi {
  /** All that was true at a revision. Throws `request.invalid` for one that is not there. */
  at(by: Principal, address: Address, revision: number): Promise<Moment>
  /** A new actor from a revision of this one. Throws `actor.fork_refused`, with the reason, and `actor.exists`. */
  fork(
    by: Principal,
    address: Address,
    options: { at: number; key?: string; work?: 'hold' | 'repeat' },
  ): Promise<Forked>
}

export interface Moment {
  revision: number
  value: Json
  context: Json
  status: string
  /** Active states as paths, parents first. */
  active: string[]
  /** What it was one revision earlier; null at its birth. */
  before: { value: Json; context: Json } | null
  /** What led to this revision. */
  entry: HistoryEntry
  /** What waited for it then; null where nobody wrote down when it came. */
  mailbox: PastMail[] | null
  /** Whether replay gives the stored state, byte for byte; only of the latest revision. */
  equal?: boolean
  /** Entries that another definition of the machine made: where there are some, this may differ from what was. */
  otherDefinitions: number
}
