import type { Principal } from '../../../core/principal.ts'
import type { InstanceAction } from './instance-actions.ts'

/** The same done to many. What one of them refuses stops none of the others. */
export interface BulkApi {
  instances(
    by: Principal,
    request: { selector: InstanceSelector; action: InstanceAction; reason: string; dryRun: boolean },
  ): Promise<BulkOutcome>
  deadLetters(
    by: Principal,
    request: { selector: LetterSelector; action: 'redrive' | 'discard'; dryRun: boolean },
  ): Promise<BulkOutcome>
}

/** All that is named must hold; `ids` alone are those and no others. */
export interface InstanceSelector {
  ids?: readonly string[] | undefined
  state?: string | undefined
  agent?: string | undefined
  device?: string | undefined
  q?: string | undefined
}

export interface LetterSelector {
  ids?: readonly number[] | undefined
  address?: string | undefined
  /** Type of the event. */
  type?: string | undefined
}

export interface BulkOutcome {
  dryRun: boolean
  matched: number
  /** Done; in a dry run: would be done. */
  done: number
  refused: number
  failed: number
  items: BulkItem[]
}

export interface BulkItem {
  id: string
  address: string
  /** `accepted`: it would be done, were this no dry run. `refused`: not now, and `reason` says why. `failed`: ours, try again. */
  result: 'done' | 'accepted' | 'refused' | 'failed'
  reason: string | null
}
