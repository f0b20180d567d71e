import { type Desk, facts, granted, sameOwner } from './lock-desk.ts'
import type { DeviceReport, LockMessage, RefusalCode } from './lock-protocol.ts'
import { candidates, demand, type PoolDevice, type Ticket, unmet } from './lock-schedule.ts'

type Message<T extends LockMessage['type']> = Extract<LockMessage, { type: T }>

/**
 * Queues a request, unless it is answered at once: a ticket already known keeps what it has, an owner that already holds
 * what it asks for gets the same lease and token, and what can never be met is refused.
 */
export function acquire(desk: Desk, message: Message<'ACQUIRE'>): void {
  const { ticket: id, owner, wants, replyTo = null } = message
  const { state } = desk
  const refuse = (code: RefusalCode, reasons: string[]): void =>
    desk.refuse({ id, owner, replyTo, reason: message.reason ?? null }, code, reasons)

  const waiting = desk.waiting(id)
  const holding = desk.heldBy(id)
  const known = waiting ?? holding[0]?.lease?.ticket
  if (known && !sameOwner(known.owner, owner)) return refuse('lock.ticket_taken', [`another owner asked as "${id}"`])
  if (waiting) return desk.reply(replyTo, { type: 'lock.queued', ticket: id, position: desk.position(waiting) })
  if (holding.length > 0) return desk.reply(replyTo, granted(id, desk.extend(holding)))

  const reasons = unmet(wants, state.devices)
  if (reasons.length > 0) return refuse('lock.unsatisfiable', reasons)

  const ticket: Ticket = {
    id,
    owner,
    replyTo,
    wants,
    priority: message.priority,
    ttlMs: message.ttlMs ?? state.settings.ttlMs,
    maxHoldMs: message.maxHoldMs ?? state.settings.maxHoldMs,
    reason: message.reason ?? null,
    enqueuedAt: state.now,
    also: [],
  }
  if (answerFromHeld(desk, ticket)) return

  const own = desk.heldByOwner(owner)
  const others = desk.devices().filter((device) => !own.includes(device))
  if (candidates(wants, byId(others)).length < demand(wants)) {
    const names = own.map((device) => device.id).join(', ')
    return refuse('lock.deadlock_risk', [
      `would wait for ${names}, which it holds itself: ask for the whole set at once`,
    ])
  }
  state.tickets[id] = ticket
  desk.moved = true
}

/** Says where a ticket stands that could not be granted in the step it came in. */
export function tellQueued(desk: Desk, ticket: Ticket): void {
  const { devices } = ticket.wants
  const position = desk.position(ticket)
  desk.publish('resource.queued', devices?.length === 1 ? (devices[0] ?? null) : null, { ...facts(ticket), position })
  desk.reply(ticket.replyTo, { type: 'lock.queued', ticket: ticket.id, position })
}

/** Answers a ticket with what its owner already holds: the same lease, the same token, one ttl more. */
export function answerFromHeld(desk: Desk, ticket: Ticket): boolean {
  const wanted = demand(ticket.wants)
  const held = candidates(ticket.wants, byId(desk.heldByOwner(ticket.owner))).slice(0, wanted)
  if (held.length < wanted) return false
  desk.reply(ticket.replyTo, granted(ticket.id, desk.extend(held, ticket.id)))
  return true
}

export function renew(desk: Desk, message: Message<'RENEW'>): void {
  const holding = desk.heldBy(message.ticket)
  if (proves(desk, holding, message)) desk.extend(holding)
}

export function release(desk: Desk, message: Message<'RELEASE'> | Message<'CANCEL'>): void {
  if (desk.waiting(message.ticket)) {
    delete desk.state.tickets[message.ticket]
    return
  }
  const holding = desk.heldBy(message.ticket)
  if (message.type === 'RELEASE' && message.token !== undefined) {
    if (!proves(desk, holding, { ...message, token: message.token })) return
  }
  const clean = message.type === 'RELEASE' && message.clean === true
  for (const device of holding) {
    if (clean) desk.give(device)
    else desk.giveUncleaned(device)
  }
}

export function kick(desk: Desk, { device: id, by, reason }: Message<'KICK'>): void {
  const device = desk.device(id)
  if (device) desk.lose(device, 'kicked', `${by}: ${reason}`)
}

/** Takes over what a device actor says. The fence, the lease and a clean-up under way stay: they are the lock's own. */
export function update(desk: Desk, report: DeviceReport): void {
  const before = desk.device(report.device)
  const { device: id, kind, labels, online, health, maintenance } = report
  const heard = report.heard ?? (health === 'good' ? 0 : Infinity)
  const fresh = { fence: 0, lastUsedAt: null, lease: null, cleaning: null }
  const doubt = before && before.doubt !== null && before.doubt > heard ? before.doubt : null
  desk.put({ ...(before ?? fresh), id, kind, labels, online, health, maintenance, doubt })
  desk.moved = true
  const renamed = before && (before.kind !== kind || !sameLabels(before.labels, labels))
  if (renamed) refuseHopeless(desk)
}

/** A device that changed its kind or labels may leave a ticket waiting for nothing. */
function refuseHopeless(desk: Desk): void {
  for (const ticket of Object.values(desk.state.tickets)) {
    const reasons = unmet(ticket.wants, desk.state.devices)
    if (reasons.length === 0) continue
    delete desk.state.tickets[ticket.id]
    desk.refuse(ticket, 'lock.unsatisfiable', reasons)
  }
}

/** True when the token is one of the ticket's; otherwise the sender is told that it came too late. */
function proves(desk: Desk, holding: PoolDevice[], said: { ticket: string; token: number; replyTo?: string }): boolean {
  if (holding.some(({ lease }) => lease?.token === said.token)) return true
  const [first] = holding
  desk.reply(said.replyTo ?? first?.lease?.ticket.replyTo ?? null, {
    type: 'lock.lost',
    ticket: said.ticket,
    device: first?.id ?? null,
    token: said.token,
    reason: first ? 'stale_token' : 'not_held',
    detail: null,
  })
  return false
}

function byId(devices: PoolDevice[]): Map<string, PoolDevice> {
  return new Map(devices.map((device) => [device.id, device]))
}

function sameLabels(a: Record<string, string>, b: Record<string, string>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
