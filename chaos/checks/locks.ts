import type { Effect } from '../../core/effect.ts'
import type { Facts } from '../facts.ts'
import { groupBy, type Violation } from './violation.ts'

/** G10–G12: one holder at a time, tokens that only grow, nothing accepted from a late holder, nothing given out uncleaned. */
export function checkLocks(facts: Facts): Violation[] {
  return [...commands(facts), ...journal(facts), ...decisions(facts), ...overdue(facts)]
}

/** What devices did, in the order in which they did it. */
function commands({ executed }: Facts): Violation[] {
  const done = executed.flatMap((one) => (one.kind === 'command' ? [one] : []))
  return [...groupBy(done, ({ device }) => device)].flatMap(([device, list]) => {
    let highest = 0
    return list.flatMap((command) => {
      const stale = command.token < highest
      highest = Math.max(highest, command.token)
      return stale
        ? [{ rule: 'G11', what: 'a command was accepted with a stale token', evidence: { device, highest, command } }]
        : []
    })
  })
}

/** The triggers' account of who held what: a new holder only after the last one ended, with a larger token. */
function journal({ leases }: Facts): Violation[] {
  return [...groupBy(leases, ({ device }) => device)].flatMap(([device, list]) => {
    let highest = 0
    let holder: string | null = null
    return list.flatMap((step) => {
      const { op, ticket, token } = step
      if (op === 'ended') {
        holder = null
        return []
      }
      const renewed = holder === ticket && token === highest
      const violations: Violation[] = []
      if (op === 'taken' && holder !== null)
        violations.push({ rule: 'G10', what: 'two held one device', evidence: { device, holder, step } })
      if (!renewed && token <= highest)
        violations.push({ rule: 'G11', what: 'a token was given twice', evidence: { device, highest, step } })
      highest = Math.max(highest, token)
      holder = ticket
      return violations
    })
  })
}

/** What the locks decided, in the order of their revisions: taken, given back, cleaned, taken. */
function decisions({ history, actors }: Facts): Violation[] {
  const violations: Violation[] = []
  const standing = new Map<string, { held: boolean; cleaning: boolean; token: number }>()
  for (const { address, revision, effects } of history) {
    if (actors.get(address)?.kind !== 'lock') continue
    for (const effect of effects) {
      const news = newsOf(effect)
      if (!news) continue
      const { type, device, token, clean } = news
      const before = standing.get(device) ?? { held: false, cleaning: false, token: 0 }
      const evidence = { address, revision, device, token, before }
      if (type === 'resource.acquired') {
        if (before.held) violations.push({ rule: 'G10', what: 'a device was given out that was held', evidence })
        if (before.cleaning)
          violations.push({ rule: 'G12', what: 'a device was given out before it was clean', evidence })
        if (token <= before.token) violations.push({ rule: 'G11', what: 'a token did not grow', evidence })
        standing.set(device, { held: true, cleaning: false, token })
      } else if (type === 'resource.released' || type === 'resource.lost')
        standing.set(device, { held: false, cleaning: !clean, token: before.token })
      else standing.set(device, { ...before, cleaning: false })
    }
  }
  return violations
}

function newsOf(effect: Effect): { type: string; device: string; token: number; clean: boolean } | undefined {
  if (effect.type === 'send' && effect.event.type === 'SUSPECT' && 'address' in effect.to)
    return { type: 'suspect', device: effect.to.address.slice('device/'.length), token: 0, clean: false }
  if (effect.type !== 'emit' || !/^resource\.(acquired|released|lost|ready)$/.test(effect.event.type)) return undefined
  const { subject, data } = effect.event as { subject?: string; data?: { token?: number; clean?: boolean } }
  return { type: effect.event.type, device: subject ?? '', token: data?.token ?? 0, clean: data?.clean === true }
}

function overdue({ left }: Facts): Violation[] {
  return left.leases
    .filter(({ overdueMs }) => overdueMs > 5_000)
    .map((lease) => ({ rule: 'G14', what: 'a lease that ran out still stands', evidence: lease }))
}
