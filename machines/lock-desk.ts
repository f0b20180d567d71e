import type { LockEffect, LockReply, LossReason, RefusalCode, ResourceEvent, ResourceFacts } from './lock-protocol.ts'
import { inOrder, type Owner, type PoolDevice, type Ticket } from './lock-schedule.ts'

export interface LockSettings {
  /** How long a lease lasts without a renewal. */
  ttlMs: number
  /** How long a lease lasts with renewals. */
  maxHoldMs: number
  /** How long cleaning a device may take before the device counts as suspect. */
  cleanupMs: number
}

/** Everything a pool's lock knows; plain JSON. */
export interface LockState {
  pool: string
  settings: LockSettings
  devices: Record<string, PoolDevice>
  /** Those that wait. A granted ticket lives on in its leases. */
  tickets: Record<string, Ticket>
  /** The latest time seen: time never runs backwards here. */
  now: number
  /** When the armed timer is due; null when none is. */
  wakeAt: number | null
}

/** The last names kept under which an owner asked again for what it holds. */
const NAMES_KEPT = 16

/**
 * A copy of the lock's state while one message is worked on, and what is to be done about it. Records are replaced, never
 * changed in place, so that the state it was made from stays as it was.
 */
export class Desk {
  readonly state: LockState
  readonly effects: LockEffect[] = []
  /** True when something happened after which a grant may be possible. */
  moved = false

  constructor(state: LockState, at: number) {
    const { devices, tickets } = state
    this.state = { ...state, devices: { ...devices }, tickets: { ...tickets }, now: Math.max(state.now, at) }
  }

  device(id: string): PoolDevice | undefined {
    return own(this.state.devices, id)
  }

  waiting(id: string): Ticket | undefined {
    return own(this.state.tickets, id)
  }

  devices(): PoolDevice[] {
    return Object.values(this.state.devices)
  }

  /** What a ticket holds, under its own id or one its owner asked again with. */
  heldBy(ticket: string): PoolDevice[] {
    return this.devices().filter(
      ({ lease }) => lease && (lease.ticket.id === ticket || lease.ticket.also.includes(ticket)),
    )
  }

  heldByOwner(owner: Owner): PoolDevice[] {
    return this.devices().filter(({ lease }) => lease && sameOwner(lease.ticket.owner, owner))
  }

  /** 1 for the ticket that goes first. */
  position(ticket: Ticket): number {
    const order = inOrder(this.state.now)
    return 1 + Object.values(this.state.tickets).filter((other) => other !== ticket && order(other, ticket) < 0).length
  }

  put(device: PoolDevice): PoolDevice {
    this.state.devices[device.id] = device
    return device
  }

  /** One ttl more from now on, but never past the longest hold. */
  extend(devices: PoolDevice[], alsoAs: string | null = null): PoolDevice[] {
    return devices.map((device) => {
      if (!device.lease) return device
      const { lease } = device
      const also = alsoAs === null ? lease.ticket.also : [...lease.ticket.also, alsoAs].slice(-NAMES_KEPT)
      const expiresAt = Math.min(this.state.now + lease.ticket.ttlMs, lease.maxUntil)
      return this.put({ ...device, lease: { ...lease, ticket: { ...lease.ticket, also }, expiresAt } })
    })
  }

  give(device: PoolDevice): void {
    if (device.lease) this.end(device, 'resource.released', { clean: true })
  }

  /** Cleaning gets a token of its own, so that the gateway already refuses the last holder. */
  giveUncleaned(device: PoolDevice): void {
    if (device.lease) this.clean(this.end(device, 'resource.released', { clean: false }))
  }

  lose(device: PoolDevice, reason: LossReason, detail: string | null): void {
    if (!device.lease) return
    const { ticket, token } = device.lease
    this.clean(this.end(device, 'resource.lost', { reason, detail }))
    this.reply(ticket.replyTo, { type: 'lock.lost', ticket: ticket.id, device: device.id, token, reason, detail })
  }

  endCleaning(device: PoolDevice, failure: string | null): void {
    if (!device.cleaning) return
    const { token } = device.cleaning
    this.effects.push({ do: 'stopCleaning', device: device.id, token })
    this.put({ ...device, cleaning: null, doubt: failure === null ? device.doubt : token })
    this.moved = true
    if (failure === null) this.publish('resource.ready', device.id, { token })
    else this.effects.push({ do: 'suspect', device: device.id, token, reason: `clean-up failed: ${failure}` })
  }

  reply(to: string | null, message: LockReply): void {
    if (to !== null) this.effects.push({ do: 'reply', to, message })
  }

  /** Whoever gave no address to be answered at finds the answer in the log. */
  refuse(asked: Pick<Ticket, 'id' | 'owner' | 'reason' | 'replyTo'>, code: RefusalCode, reasons: string[]): void {
    if (asked.replyTo === null) this.publish('resource.refused', null, { ...facts(asked), code, reasons })
    else this.reply(asked.replyTo, { type: 'lock.refused', ticket: asked.id, code, reasons })
  }

  publish(type: ResourceEvent, subject: string | null, data: ResourceFacts): void {
    this.effects.push({ do: 'publish', type, subject, data: { pool: this.state.pool, ...data } })
  }

  private end(device: PoolDevice, type: ResourceEvent, data: ResourceFacts): PoolDevice {
    this.moved = true
    if (device.lease)
      this.publish(type, device.id, { ...facts(device.lease.ticket), token: device.lease.token, ...data })
    return this.put({ ...device, lease: null, lastUsedAt: this.state.now })
  }

  private clean(device: PoolDevice): void {
    const { now, settings } = this.state
    const token = device.fence + 1
    this.put({ ...device, fence: token, cleaning: { token, since: now, until: now + settings.cleanupMs } })
    this.effects.push({ do: 'clean', device: device.id, token })
  }
}

export function sameOwner(a: Owner, b: Owner): boolean {
  return a.kind === b.kind && a.id === b.id
}

/** The facts of a ticket that every event about it carries. */
export function facts({ id, owner, reason }: Pick<Ticket, 'id' | 'owner' | 'reason'>): ResourceFacts {
  return { ticket: id, ownerKind: owner.kind, ownerId: owner.id, reason }
}

/** The answer that names everything a ticket holds. */
export function granted(ticket: string, held: PoolDevice[]): LockReply {
  const leases = held.flatMap(({ id, lease }) => (lease ? [{ device: id, token: lease.token }] : []))
  const expiresAt = Math.min(...held.flatMap(({ lease }) => (lease ? [lease.expiresAt] : [])))
  return { type: 'lock.granted', ticket, leases, expiresAt }
}

/** A record's own member: an id such as "constructor" must not find what every object has. */
function own<T>(record: Readonly<Record<string, T>>, id: string): T | undefined {
  return Object.hasOwn(record, id) ? record[id] : undefined
}
