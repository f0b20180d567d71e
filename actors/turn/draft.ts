import type { Address } from '../../core/address.ts'
import type { Target } from '../../core/effect.ts'
import type { TurnCommit } from '../../db/turn-commit.ts'

/** A turn before its commit: recipients may still be system ids, to be found in the family of `root`. */
export type Draft = Omit<TurnCommit, 'mail' | 'timers'> & {
  mail: (Omit<TurnCommit['mail'][number], 'to'> & { to: Target; root: Address })[]
  timers: (Omit<TurnCommit['timers'][number], 'target'> & { to: Target | null; root: Address })[]
}

export function emptyDraft(): Draft {
  return {
    changes: [],
    firsts: [],
    history: [],
    consumed: [],
    mail: [],
    timers: [],
    timersGone: [],
    invocations: [],
    invocationsGone: [],
    deadLetters: [],
    events: [],
    ended: [],
  }
}

export function mergeDrafts(drafts: readonly Draft[]): Draft {
  const whole = emptyDraft()
  for (const key of Object.keys(whole) as (keyof Draft)[]) {
    const all: unknown[] = whole[key]
    for (const draft of drafts) for (const row of draft[key]) all.push(row)
  }
  return whole
}

/** True when nothing would be written. */
export function isEmpty(draft: Draft): boolean {
  return Object.values(draft).every((rows) => rows.length === 0)
}
