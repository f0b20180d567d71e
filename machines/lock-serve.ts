import { Desk, facts, granted, type LockState, sameOwner } from './lock-desk.ts'
import type { LockEffect, LockMessage } from './lock-protocol.ts'
import { acquire, answerFromHeld, kick, release, renew, tellQueued, update } from './lock-requests.ts'
import { type PoolDevice, schedule, type Ticket } from './lock-schedule.ts'

/** What the lock works on: messages, its own timer, and the end of a clean-up. */
export type LockWork = { at: number } & (
  | LockMessage
  | { type: 'DEADLINE' }
  /** `failure` is null when the device is clean. */
  | { type: 'CLEANED'; job: string; failure: string | null }
)

/**
 * One step of the lock: what has run out ends first, so that nobody renews it; then the message is applied, free devices
 * are handed on, and the timer is set for the next deadline. Pure; `state` is left as it was.
 */
export function serve(state: LockState, work: LockWork): { state: LockState; effects: LockEffect[] } {
  const desk = new Desk(state, work.at)
  endOverdue(desk)
  apply(desk, work)
  while (desk.moved) handOn(desk)
  for (const ticket of newcomers(state, desk.state)) tellQueued(desk, ticket)
  setTimer(desk)
  return { state: desk.state, effects: desk.effects }
}

/** The name of a clean-up: no two ever share one, since a token is never given twice. */
export function cleanupJob(device: string, token: number): string {
  return `cleanup-${device}-${token}`
}

function endOverdue(desk: Desk): void {
  const { now } = desk.state
  for (const device of desk.devices()) {
    const { lease, cleaning } = device
    if (lease && lease.expiresAt <= now) desk.lose(device, lease.maxUntil <= now ? 'held_too_long' : 'expired', null)
    if (cleaning && cleaning.until <= now) desk.endCleaning(device, 'it took too long')
  }
}

function apply(desk: Desk, work: LockWork): void {
  switch (work.type) {
    case 'ACQUIRE':
      return acquire(desk, work)
    case 'RENEW':
      return renew(desk, work)
    case 'RELEASE':
    case 'CANCEL':
      return release(desk, work)
    case 'KICK':
      return kick(desk, work)
    case 'DEVICE':
      return update(desk, work)
    case 'CLEANED': {
      const done = desk.devices().find(({ id, cleaning }) => cleaning && cleanupJob(id, cleaning.token) === work.job)
      if (done) desk.endCleaning(done, work.failure)
      return
    }
    case 'DEADLINE':
      desk.state.wakeAt = null
      return
  }
}

/** Grants what can be granted. Where a grant answers other tickets of its owner too, the rest is decided anew. */
function handOn(desk: Desk): void {
  desk.moved = false
  for (const { ticket: id, devices } of schedule(desk.state, desk.state.now).grants) {
    const ticket = desk.waiting(id)
    if (!ticket) continue
    grant(
      desk,
      ticket,
      devices.flatMap((name) => desk.device(name) ?? []),
    )
    if (answerOthers(desk, ticket)) {
      desk.moved = true
      return
    }
  }
}

function grant(desk: Desk, ticket: Ticket, devices: PoolDevice[]): void {
  const { state } = desk
  const maxUntil = state.now + ticket.maxHoldMs
  const expiresAt = Math.min(state.now + ticket.ttlMs, maxUntil)
  delete state.tickets[ticket.id]
  const held = devices.map((device) => {
    const token = device.fence + 1
    const lease = { ticket, token, grantedAt: state.now, expiresAt, maxUntil }
    const waitedMs = state.now - ticket.enqueuedAt
    desk.publish('resource.acquired', device.id, { ...facts(ticket), token, expiresAt, waitedMs })
    return desk.put({ ...device, fence: token, lastUsedAt: state.now, lease })
  })
  desk.reply(ticket.replyTo, granted(ticket.id, held))
}

/** An owner that asked twice, and now holds what it asked for, never gets a second lease. */
function answerOthers(desk: Desk, { owner }: Ticket): boolean {
  const answered = Object.values(desk.state.tickets).filter(
    (other) => sameOwner(other.owner, owner) && answerFromHeld(desk, other),
  )
  for (const { id } of answered) delete desk.state.tickets[id]
  return answered.length > 0
}

function newcomers(before: LockState, after: LockState): Ticket[] {
  return Object.values(after.tickets).filter(({ id }) => !Object.hasOwn(before.tickets, id))
}

/** A timer that is due too early is left alone: it finds nothing to do and sets the next one. */
function setTimer(desk: Desk): void {
  const { now, wakeAt } = desk.state
  let next = Infinity
  for (const { lease, cleaning } of desk.devices()) {
    next = Math.min(next, lease?.expiresAt ?? Infinity, cleaning?.until ?? Infinity)
  }
  if (next === Infinity) {
    if (wakeAt === null) return
    desk.state.wakeAt = null
    desk.effects.push({ do: 'letSleep' })
  } else if (wakeAt === null || next < wakeAt) {
    desk.state.wakeAt = next
    desk.effects.push({ do: 'wake', at: next, delayMs: Math.max(1, next - now) })
  }
}
