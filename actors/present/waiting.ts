/** Messages are counted up to here: more than a full mailbox takes from others. */
export const COUNTED_MAIL = 10_001

/** What one line can say about an actor that stands still. */
export interface WaitingFacts {
  status: string
  parkedReason: string | undefined
  /** Counted up to `COUNTED_MAIL`. */
  mail: number
  invocations: readonly { id: string; attempts: number; interrupted: number; claimed: boolean }[]
  timers: readonly { id: string; eventType: string; dueAt: Date }[]
  nextEvents: readonly string[]
}

/** What an actor waits for, in one line, for people. */
export function waitingFor(facts: WaitingFacts, now: Date): string {
  if (facts.status === 'parked') return `parked: ${facts.parkedReason ?? 'its state does not fit its machine'}`
  if (facts.status !== 'active') return `nothing: it has ended (${facts.status})`
  const parts: string[] = []
  if (facts.mail > 0) parts.push(`${messages(facts.mail)} in its mailbox`)
  for (const { id, attempts, interrupted, claimed } of facts.invocations) {
    parts.push(
      `${id} to finish (${claimed ? 'running' : 'waiting for a worker'}${attempts > 1 ? `, try ${attempts}` : ''}${interrupted > 0 ? `, ${interrupted} cut off` : ''})`,
    )
  }
  const timer = facts.timers[0]
  if (timer) parts.push(`a timer due in ${seconds(timer.dueAt.getTime() - now.getTime())}`)
  if (parts.length > 0) return parts.join('; ')
  return facts.nextEvents.length > 0 ? `an event: ${facts.nextEvents.join(', ')}` : 'nothing it could ever receive'
}

function messages(count: number): string {
  return `${count < COUNTED_MAIL ? '' : 'at least '}${count} ${count === 1 ? 'message' : 'messages'}`
}

function seconds(ms: number): string {
  return ms <= 0 ? 'no time' : ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`
}
