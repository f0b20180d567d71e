import type { Address } from '../core/address.ts'

/** Who asks. The same kind and id is the same owner, whichever ticket it asks with. */
export interface Owner {
  kind: 'run' | 'user' | 'ci'
  id: string
}

/**
 * Which devices a ticket would take. Named `devices` are tried in their order, any `count` of them (1 unless told), or
 * `all` of them; `kind` and `labels` narrow the choice further. More than one is all or nothing.
 */
export interface Wants {
  devices?: string[]
  all?: boolean
  kind?: string
  labels?: Record<string, string>
  count?: number
}

/** A request that waits, or the request behind a lease. Times are milliseconds since the epoch. */
export interface Ticket {
  id: string
  owner: Owner
  replyTo: Address | null
  wants: Wants
  /** 0–100, higher goes first. */
  priority: number
  ttlMs: number
  maxHoldMs: number
  reason: string | null
  enqueuedAt: number
  /** Other ticket ids under which the same owner asked for what it already held. */
  also: string[]
}

export interface Lease {
  ticket: Ticket
  /** Fencing token: a gateway refuses any lower one. */
  token: number
  grantedAt: number
  expiresAt: number
  /** No renewal goes past this. */
  maxUntil: number
}

export type Health = 'good' | 'suspect' | 'bad'

export interface PoolDevice {
  id: string
  kind: string
  labels: Record<string, string>
  online: boolean
  health: Health
  maintenance: boolean
  /** The token of a clean-up that failed, until the device actor has said that it knows. */
  doubt: number | null
  /** The highest token ever given out for this device. */
  fence: number
  lastUsedAt: number | null
  lease: Lease | null
  cleaning: { token: number; since: number; until: number } | null
}

export interface Pool {
  devices: Readonly<Record<string, PoolDevice>>
  /** Those that wait, by id. */
  tickets: Readonly<Record<string, Ticket>>
}

export interface Grant {
  ticket: string
  devices: string[]
}

const AGEING = { stepMs: 5 * 60_000, gain: 5, cap: 89 }

/**
 * Decides who gets which free device now. Pure, and the same whatever order the records are in. No grant passes over a
 * ticket that goes before it and could have been served whole; a set is granted whole or not at all. The cost is the
 * waiting tickets times the free devices, and nothing is looked at when no device is free.
 */
export function schedule(pool: Pool, now: number): { grants: Grant[] } {
  const free = new Map<string, PoolDevice>()
  for (const device of Object.values(pool.devices)) if (isGrantable(device)) free.set(device.id, device)
  const grants: Grant[] = []
  if (free.size === 0) return { grants }

  const interest = new Map<string, number>()
  const hopeful = Object.values(pool.tickets).filter((ticket) => {
    const choice = candidates(ticket.wants, free)
    for (const { id } of choice) interest.set(id, (interest.get(id) ?? 0) + 1)
    return choice.length >= demand(ticket.wants)
  })
  for (const ticket of hopeful.sort(inOrder(now))) {
    if (free.size === 0) break
    const choice = candidates(ticket.wants, free)
    if (choice.length < demand(ticket.wants)) continue
    for (const { id } of choice) interest.set(id, (interest.get(id) ?? 0) - 1)
    // Named devices are in the asker's order of preference; otherwise wear is spread and others are left what they need.
    if (!ticket.wants.devices) choice.sort((a, b) => leastWanted(a, b, interest))
    const devices = choice.slice(0, demand(ticket.wants)).map(({ id }) => id)
    for (const id of devices) free.delete(id)
    grants.push({ ticket: ticket.id, devices })
  }
  return { grants }
}

/** Online, known to be good, and nobody's. */
export function isGrantable(device: PoolDevice): boolean {
  return isFit(device) && device.lease === null && device.cleaning === null
}

/** Priority with what waiting has earned: 5 for every 5 minutes, never into the critical band from 90 up. */
export function effectivePriority(ticket: Ticket, now: number): number {
  if (ticket.priority >= AGEING.cap) return ticket.priority
  const steps = Math.floor(Math.max(0, now - ticket.enqueuedAt) / AGEING.stepMs)
  return Math.min(AGEING.cap, ticket.priority + AGEING.gain * steps)
}

/** Compares two tickets: effective priority, then age, then id, so that no two are ever equal. */
export function inOrder(now: number): (a: Ticket, b: Ticket) => number {
  return (a, b) =>
    effectivePriority(b, now) - effectivePriority(a, now) || a.enqueuedAt - b.enqueuedAt || (a.id < b.id ? -1 : 1)
}

/** How many devices a grant takes. */
export function demand(wants: Wants): number {
  return wants.all ? new Set(wants.devices).size : (wants.count ?? 1)
}

/** The devices out of `from` that would do: named ones in the asker's order, others in the order they come. */
export function candidates(wants: Wants, from: ReadonlyMap<string, PoolDevice>): PoolDevice[] {
  const named = wants.devices && [...new Set(wants.devices)].flatMap((id) => from.get(id) ?? [])
  return (named ?? [...from.values()]).filter((device) => suits(wants, device))
}

/** Why no device of this pool could ever meet the wish, whoever holds what now; empty when one could. */
export function unmet(wants: Wants, devices: Readonly<Record<string, PoolDevice>>): string[] {
  if (!wants.devices?.length && wants.kind === undefined && !Object.keys(wants.labels ?? {}).length) {
    return [wants.devices ? 'names an empty list of devices' : 'names no device, kind or label']
  }
  if (wants.all && !wants.devices) return ['asks for all, but names no devices']
  if (!Number.isInteger(demand(wants)) || demand(wants) < 1) return [`asks for ${demand(wants)} devices`]
  const all = new Map(Object.entries(devices))
  const unknown = (wants.devices ?? []).filter((id) => !all.has(id))
  if (unknown.length > 0) return unknown.map((id) => `there is no device "${id}" in this pool`)
  const fitting = candidates(wants, all).length
  if (fitting >= demand(wants)) return []
  const text = describeWish(wants)
  return [
    fitting === 0 ? `there is no ${text} in this pool` : `asks for ${demand(wants)}, but only ${fitting} are ${text}`,
  ]
}

function isFit(device: PoolDevice): boolean {
  return device.online && device.health === 'good' && !device.maintenance && device.doubt === null
}

function suits(wants: Wants, device: PoolDevice): boolean {
  if (wants.kind !== undefined && device.kind !== wants.kind) return false
  return Object.entries(wants.labels ?? {}).every(([key, value]) => device.labels[key] === value)
}

function leastWanted(a: PoolDevice, b: PoolDevice, interest: ReadonlyMap<string, number>): number {
  const wanted = (interest.get(a.id) ?? 0) - (interest.get(b.id) ?? 0)
  return wanted || (a.lastUsedAt ?? 0) - (b.lastUsedAt ?? 0) || (a.id < b.id ? -1 : 1)
}

function describeWish(wants: Wants): string {
  const labels = Object.entries(wants.labels ?? {}).map(([key, value]) => `${key}=${value}`)
  const parts = [wants.kind ?? 'device', ...(labels.length > 0 ? [`with ${labels.join(', ')}`] : [])]
  if (wants.devices) parts.push(`among ${wants.devices.join(', ')}`)
  return parts.join(' ')
}
