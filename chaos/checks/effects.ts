import type { Effect } from '../../core/effect.ts'
import type { Facts, HistoryFact } from '../facts.ts'
import type { Violation } from './violation.ts'

/** State and what it asks for commit together or not at all: every effect in the histories came about (ARCHITECTURE.md, 4). */
export function checkEffects(facts: Facts): Violation[] {
  const { history, letters, left, actors, events } = facts
  const arrived = new Set(
    [...history, ...letters, ...left.mail].map(({ address, messageId }) => `${address} ${messageId}`),
  )
  const messages = new Set([...history, ...letters, ...left.mail].map(({ messageId }) => messageId))
  const logged = new Set(events.map(({ source, sourceId }) => `${source} ${sourceId}`))
  const asked = new Set<string>()
  const violations: Violation[] = []

  for (const entry of history) {
    for (const [index, effect] of entry.effects.entries()) {
      const id = `sent:${entry.address}:${entry.revision}:${index}`
      if (effect.type === 'send' || (effect.type === 'stop' && effect.address !== null)) asked.add(id)
      const missing = missingOf(entry, effect, index, id)
      if (missing)
        violations.push({
          rule: 'G4',
          what: missing,
          evidence: { by: entry.address, revision: entry.revision, effect },
        })
    }
  }
  for (const { address, messageId } of history) {
    if (messageId.startsWith('sent:') && !asked.has(messageId))
      violations.push({
        rule: 'G2',
        what: 'a message between actors was never asked for',
        evidence: { address, messageId },
      })
  }
  return [...violations, ...families(facts)]

  function missingOf(
    { address, revision }: HistoryFact,
    effect: Effect,
    index: number,
    id: string,
  ): string | undefined {
    switch (effect.type) {
      case 'send':
        if ('address' in effect.to)
          return arrived.has(`${effect.to.address} ${id}`) ? undefined : 'a message between actors is gone'
        return messages.has(id) ? undefined : 'a message between actors is gone'
      case 'spawn':
        return actors.has(effect.address) ? undefined : 'a child was never born'
      case 'emit':
        return logged.has(`/${address} ${revision}.${index}`) ? undefined : 'an emitted event is not in the log'
      case 'stop':
        if (effect.address === null) return undefined
        return arrived.has(`${effect.address} ${id}`) || ended(effect.address)
          ? undefined
          : 'a child was not told to stop'
      case 'timer':
      case 'cancel':
      case 'invoke':
      case 'action':
        // Their own checks follow them.
        return undefined
    }
  }

  function ended(address: string): boolean {
    return actors.get(address)?.status !== 'active'
  }
}

/** No child outlives what it was for, and none is waited for in vain. */
function families({ actors }: Facts): Violation[] {
  const violations: Violation[] = []
  for (const [address, { parent, childId, status }] of actors) {
    const above = parent === null ? undefined : actors.get(parent)
    const known = childId !== null && above?.children[childId]?.address === address
    if (parent !== null && status === 'active' && !known)
      violations.push({
        rule: 'orphan',
        what: 'a child lives that its parent does not know',
        evidence: { address, parent },
      })
  }
  for (const [address, { children, status }] of actors) {
    for (const child of Object.values(children)) {
      if (status !== 'active' || child.address === undefined) continue
      const state = actors.get(child.address)?.status
      if (state !== 'active' && state !== 'parked')
        violations.push({
          rule: 'orphan',
          what: 'a parent waits for a child that has ended',
          evidence: { address, child },
        })
    }
  }
  return violations
}
