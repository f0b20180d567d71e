import { type Desk, dismiss, isPoliced, merged, policed, remark, waiting, withdraw } from './desk.ts'
import type { Policed } from './state.ts'
import { counted } from './words.ts'

/** How many runs of a key are open: also those that stand still, wait for a device, or for another try. */
export function openRuns(desk: Pick<Desk, 'active' | 'backlog' | 'failed'>, key: string): number {
  return policed(desk).filter(({ policy }) => policy.terms.concurrency?.key === key && policy.admitted).length
}

/**
 * What a further event of a key comes to while its runs are open: undefined, it ends here; otherwise the task that goes
 * to the backlog in its place, and why it has to wait there, if it has to.
 */
export function queue(desk: Desk, item: Policed): { item: Policed; wait?: string } | undefined {
  const terms = item.policy.terms.concurrency
  if (terms === undefined) return { item }
  const { key, mode, max, overflow } = terms
  const waits = waiting(desk).filter((one) => one.policy.terms.concurrency?.key === key)
  const open = openRuns(desk, key)
  if (open + waits.length < max) return { item }
  if (mode === 'restart') return replace(desk, item, key, waits)
  const why = `${counted(max, 'run')} with ${key} ${max === 1 ? 'is' : 'are'} open`
  // To keep the latest there must be a place for it.
  const room = max + (overflow === 'coalesce' ? Math.max(1, terms.maxQueued) : terms.maxQueued)
  if (open + waits.length < room) return { item, wait: why }
  const full = waits.length === 0 ? why : `${why}, and ${counted(waits.length, 'event')} wait already`
  const byAge = waits.toSorted((a, b) => a.task.at - b.task.at)
  const [oldest] = byAge
  const latest = byAge.at(-1)
  if (overflow === 'coalesce' && latest) {
    withdraw(desk, [latest])
    dismiss(desk, latest, 'coalesced', `a newer event speaks for it: ${full}`, item.task.eventId)
    return { item: merged([latest], item), wait: full }
  }
  if (overflow === 'drop-oldest' && oldest) {
    withdraw(desk, [oldest])
    dismiss(desk, oldest, 'dropped', `made room for a newer event: ${full}`)
    return { item, wait: why }
  }
  dismiss(desk, item, 'dropped', full)
  return undefined
}

/** The newest takes the place: what is open is told to end, and cleans up first; what waits goes. */
function replace(desk: Desk, item: Policed, key: string, waits: readonly Policed[]): { item: Policed; wait?: string } {
  const mine = (one: Policed): boolean => one.policy.terms.concurrency?.key === key
  const retrying = [...desk.backlog, ...desk.failed].filter(isPoliced).filter((one) => one.policy.admitted && mine(one))
  withdraw(desk, [...waits, ...retrying])
  for (const one of [...waits, ...retrying]) {
    dismiss(desk, one, 'dropped', `a newer event of ${key} takes its place`)
  }
  const running = desk.active.filter(isPoliced).filter((one) => mine(one))
  for (const one of running.filter(({ policy }) => policy.letGo !== 'replaced')) {
    remark(desk, one, { ...one.policy, letGo: 'replaced' })
    const reason = `a newer event of ${key} takes its place`
    desk.orders.push({ run: one.run, event: { type: 'CANCEL', by: 'trigger', reason } })
  }
  return running.length === 0 ? { item } : { item, wait: `the run with ${key} has to end first` }
}
