/** The answer of every rule: whether it lets an event through, and when not, what refused it, in words for a person. */
export type Verdict = { matched: true } | { matched: false; reason: string }

export const PASSES: Verdict = { matched: true }

export function refused(reason: string): Verdict {
  return { matched: false, reason }
}
