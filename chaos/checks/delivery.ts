import type { Facts } from '../facts.ts'
import type { Call } from '../protocol.ts'
import { doubles, groupBy, type Violation } from './violation.ts'

/**
 * G1–G5: what was acknowledged is applied, once, and in the order of its sender; what was forged or belongs to others is
 * refused. An operation whose outcome nobody knows may have been applied, or not.
 */
export function checkDelivery(facts: Facts): Violation[] {
  return [
    ...lost(facts),
    ...twice(facts),
    ...invented(facts),
    ...disordered(facts),
    ...admitted(facts),
    ...events(facts),
  ]
}

function lost({ operations, history, letters, left }: Facts): Violation[] {
  const applied = new Set(history.map(({ address, messageId }) => `${address} ${messageId}`))
  const buried = new Set(letters.map(({ address, messageId }) => `${address} ${messageId}`))
  const waiting = new Set(left.mail.map(({ address, messageId }) => `${address} ${messageId}`))
  return operations.flatMap(({ id, call, outcome }) => {
    if (outcome !== 'ok') return []
    return messagesOf(call).flatMap(({ address, id: messageId }) => {
      const key = `${address} ${messageId}`
      // What waits is judged as stuck, by another check.
      if (applied.has(key) || buried.has(key) || waiting.has(key)) return []
      return [{ rule: 'G1', what: 'an acknowledged message is gone', evidence: { id, address } }]
    })
  })
}

function messagesOf(call: Call): { address: string; id: string }[] {
  if (call.do === 'batch') return call.messages
  return call.do === 'send' ? [call] : []
}

function twice({ history, actors }: Facts): Violation[] {
  const inHistory = doubles(history, ({ address, messageId }) => `${address} ${messageId}`).map((key) => ({
    rule: 'G4',
    what: 'a message was applied twice',
    evidence: key,
  }))
  const inState = [...actors.values()].flatMap(({ address, kind, context }) => {
    if (kind !== 'cell') return []
    const seen = context['seen'] as [string, number][]
    const state = doubles(seen, ([from, n]) => `${from} ${n}`)
    return state.map((key) => ({ rule: 'G4', what: `${address} holds the same message twice`, evidence: key }))
  })
  return [...inHistory, ...inState]
}

/** Every message that an actor applied was sent: by a client, or by a step that asked for it. */
function invented({ operations, history, actors }: Facts): Violation[] {
  const sent = new Set(operations.flatMap(({ call }) => messagesOf(call).map(({ address, id }) => `${address} ${id}`)))
  return history.flatMap(({ address, messageId, event }) => {
    if (actors.get(address)?.kind !== 'cell' || event.type === 'xstate.init') return []
    if (/^(sent|timer):/.test(messageId) || sent.has(`${address} ${messageId}`)) return []
    return [{ rule: 'G2', what: 'a message was applied that nobody sent', evidence: { address, messageId } }]
  })
}

/** A client waits for each answer before it goes on, so what it numbered comes out in the order of its numbers. */
function disordered({ actors }: Facts): Violation[] {
  return [...actors.values()].flatMap(({ address, kind, context }) => {
    if (kind !== 'cell') return []
    const bySender = groupBy(
      (context['seen'] as [string, number][]).filter(([from]) => /^c\d+$/.test(from)),
      ([from]) => from,
    )
    return [...bySender].flatMap(([from, seen]) => {
      const numbers = seen.map(([, n]) => n)
      const wrong = numbers.findIndex((n, place) => n !== place + 1)
      if (wrong < 0) return []
      const evidence = numbers.slice(Math.max(0, wrong - 2), wrong + 3)
      return [{ rule: 'G5', what: `${address} has what ${from} sent in another order`, evidence }]
    })
  })
}

/** Forged types and strangers get a refusal, whatever else is going on. */
function admitted({ operations }: Facts): Violation[] {
  return operations.flatMap(({ id, call, outcome }) => {
    if (outcome !== 'ok') return []
    if (id.startsWith('forged:')) return [{ rule: 'SEC-01', what: 'a reserved event was accepted', evidence: call }]
    if (call.do === 'peek') return [{ rule: 'G21', what: 'another team was let in', evidence: call }]
    return []
  })
}

function events({ operations, events: log, deliveries, history, letters, left }: Facts): Violation[] {
  const logged = groupBy(log, ({ source, sourceId }) => `${source} ${sourceId}`)
  const done = new Set(
    [...history, ...letters, ...left.mail].map(({ address, messageId }) => `${address} ${messageId}`),
  )
  const missing = operations.flatMap(({ call, outcome, value }) => {
    if (call.do !== 'ingest' || outcome !== 'ok') return []
    const { source, id } = call.event as { source: string; id: string }
    const [told] = value as { status: string }[]
    const copies = logged.get(`${source} ${id}`)?.length ?? 0
    // An alert that fires while it is firing is a duplicate of the event that opened it.
    if (copies === 1 || (copies === 0 && told?.status === 'duplicate')) return []
    return [
      { rule: copies === 0 ? 'G1' : 'G3', what: `an acknowledged event is in the log ${copies} times`, evidence: id },
    ]
  })
  const undelivered = deliveries
    .filter(({ address, messageId }) => !done.has(`${address} ${messageId}`))
    .map((delivery) => ({ rule: 'G4', what: 'a routed event never reached its actor', evidence: delivery }))
  const unrouted = log
    .filter(({ status }) => status === 'accepted')
    .map(({ id }) => ({ rule: 'G4', what: 'an event was never routed', evidence: id }))
  return [...missing, ...undelivered, ...unrouted]
}
