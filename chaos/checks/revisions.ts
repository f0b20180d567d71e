import type { Facts } from '../facts.ts'
import { doubles, groupBy, type Violation } from './violation.ts'

/** G6, G7: one commit at a time for each actor, histories without gaps, and replay gives what is stored. */
export function checkRevisions(facts: Facts): Violation[] {
  const { history, actors, revisions, unequal, followed } = facts
  const violations = removals(facts)
  const byActor = groupBy(history, ({ address }) => address)
  for (const [address, { revision }] of actors) {
    const numbers = (byActor.get(address) ?? []).map((entry) => entry.revision)
    const gap = numbers.findIndex((number, place) => number !== place + 1)
    if (gap >= 0 || numbers.length !== revision) {
      const evidence = { address, revision, entries: numbers.length, firstGap: gap < 0 ? null : gap + 1 }
      violations.push({ rule: 'G6', what: 'a history does not count 1, 2, 3 … up to its actor', evidence })
    }
  }
  for (const [address, steps] of groupBy(revisions, (step) => step.address)) {
    let last = steps[0]?.before ?? 0
    for (const { before, after } of steps) {
      if (before !== last || after <= before)
        violations.push({
          rule: 'G6',
          what: 'a commit began from a revision that was gone',
          evidence: { address, last, before, after },
        })
      last = after
    }
  }
  for (const address of unequal)
    violations.push({ rule: 'G7', what: 'replay does not give what is stored', evidence: address })
  const seen = new Set(followed.map(({ address, revision }) => `${address} ${revision}`))
  for (const { address, revision } of history) {
    if (!seen.has(`${address} ${revision}`))
      violations.push({
        rule: 'G19',
        what: 'a reader of all histories missed an entry',
        evidence: { address, revision },
      })
  }
  for (const key of doubles(followed, ({ address, revision }) => `${address} ${revision}`))
    violations.push({ rule: 'G19', what: 'a reader of all histories saw an entry twice', evidence: key })
  return violations
}

/** What retention took: nothing but what a beginning stands for, and no actor that had not ended. */
function removals({ history, actors, beginnings }: Facts): Violation[] {
  const entries = history.flatMap(({ address, revision, removed }): Violation[] => {
    if (!removed || actors.get(address)?.removed || revision < (beginnings.get(address) ?? 1)) return []
    const evidence = { address, revision, begins: beginnings.get(address) ?? null }
    return [{ rule: 'G7', what: 'an entry was removed that nothing stands for', evidence }]
  })
  const lives = [...actors.values()].flatMap(({ address, status, removed }): Violation[] =>
    removed && (status === 'active' || status === 'parked')
      ? [{ rule: 'G7', what: 'an actor was removed that had not ended', evidence: { address, status } }]
      : [],
  )
  return [...entries, ...lives]
}
