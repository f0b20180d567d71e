import type { Violation } from './checks/violation.ts'
import type { Death } from './cluster.ts'
import type { Facts } from './facts.ts'
import type { Struck } from './nemesis.ts'
import type { Operation } from './operations.ts'

/** What one violation is about: actors, and the messages and revisions of theirs that it names. */
export interface Subject {
  addresses: ReadonlySet<string>
  messages: ReadonlySet<string>
  revisions: ReadonlySet<number>
}

export interface Around {
  struck: readonly Struck[]
  deaths: readonly Death[]
}

const ADDRESS = /\b(?:cell|relay|clock|family|kid|job|lock|run|agent|device|alert)\/[\w.-]+/g
/** Steps before and after one that a violation names. */
const BESIDE = 1
const LINES = 40

/** Reads it off the evidence: whatever in it looks like an address, an id or a revision. */
export function subjectOf({ what, evidence }: Violation): Subject {
  const messages = new Set<string>()
  const revisions = new Set<number>()
  const texts: string[] = [what]
  const look = (value: unknown, key: string): void => {
    if (typeof value === 'string') {
      texts.push(value)
      // `address message`, and lists of what somebody sent, are told as one text.
      for (const word of value.split(' ')) if (!word.match(ADDRESS)?.includes(word)) messages.add(word)
    } else if (typeof value === 'number') {
      if (/revision|firstGap|before|after|last/.test(key)) revisions.add(value)
    } else if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value)) look(inner, name)
  }
  look(evidence, '')
  const addresses = new Set(texts.flatMap((text) => text.match(ADDRESS) ?? []))
  // `cell/4 c1:17` in a text names a message of that sender, too.
  return { addresses, messages, revisions }
}

/** What clients asked of these actors, or by a name that the violation knows. */
export function concerns({ id, call }: Pick<Operation, 'id' | 'call'>, { addresses, messages }: Subject): boolean {
  const words = [id, ...Object.values(call).filter((value) => typeof value === 'string')]
  if (words.some((word) => messages.has(word))) return true
  return [...JSON.stringify(call).matchAll(ADDRESS)].some(([address]) => addresses.has(address))
}

/**
 * One violation as a story, in the order of time: what was asked of the actors concerned, what they made of it, and which
 * faults stood meanwhile. Milliseconds count from the first line.
 */
export function traceOf(violation: Violation, facts: Facts, { struck, deaths }: Around): string[] {
  const subject = subjectOf(violation)
  const steps = facts.history.filter(({ address }) => subject.addresses.has(address))
  const named = steps.filter(
    ({ messageId, revision }) => subject.messages.has(messageId) || subject.revisions.has(revision),
  )
  const near = new Set(
    named.flatMap(({ address, revision }) => around(revision).map((beside) => `${address} ${beside}`)),
  )
  const told =
    named.length > 0 ? steps.filter(({ address, revision }) => near.has(`${address} ${revision}`)) : steps.slice(-6)
  const known = new Set([...subject.messages, ...told.map(({ messageId }) => messageId)])
  const asked = facts.operations.filter(
    (operation) =>
      concerns(operation, subject) &&
      (operation.call.do !== 'send' || known.has(operation.call.id) || known.has(operation.id)),
  )
  const lines = [
    ...asked.map(({ client, id, call, from, outcome, tries }) => ({
      at: from,
      text: `${client} asks (${id}): ${JSON.stringify(call)} → ${outcome}${tries > 1 ? ` at the ${tries}th try` : ''}`,
    })),
    ...told.map(({ address, revision, messageId, event, at, effects }) => ({
      at,
      text: `${address} is at revision ${revision} by ${messageId} (${event.type})${effects.length > 0 ? `, which asks for ${effects.map(({ type }) => type).join(', ')}` : ''}`,
    })),
  ]
  const from = Math.min(...lines.map(({ at }) => at))
  const to = Math.max(...lines.map(({ at }) => at))
  const meanwhile = [
    ...struck
      .filter((fault) => fault.from <= to + 1_000 && fault.to >= from - 1_000)
      .map(({ id, what, from: at, to: until }) => ({ at, text: `fault ${id}, for ${until - at} ms: ${what}` })),
    ...deaths
      .filter(({ at }) => at >= from - 1_000 && at <= to + 1_000)
      .map(({ at, name, how }) => ({ at, text: `${name} ends (${how})` })),
  ]
  const all = [...lines, ...meanwhile].sort((a, b) => a.at - b.at)
  const first = all[0]?.at ?? 0
  return all
    .slice(0, LINES)
    .map(({ at, text }) => `${`+${Math.round(at - first)}`.padStart(7)} ms  ${text.slice(0, 300)}`)
}

function around(revision: number): number[] {
  return Array.from({ length: 2 * BESIDE + 1 }, (_, n) => revision - BESIDE + n)
}
