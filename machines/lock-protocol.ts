import type { Address } from '../core/address.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { Health, Owner, Wants } from './lock-schedule.ts'

/** What a pool's lock is told. Every message also carries `at`, the database's time, put there by the runtime. */
export type LockMessage =
  | {
      type: 'ACQUIRE'
      ticket: string
      owner: Owner
      /** Where the answers go; without one the outcome is read from the projection. */
      replyTo?: Address
      wants: Wants
      priority: number
      ttlMs?: number
      maxHoldMs?: number
      reason?: string
    }
  /** Still there: the leases of the ticket last one ttl longer. `token` is that of any device the ticket holds. */
  | { type: 'RENEW'; ticket: string; token: number; replyTo?: Address }
  /** Done. `clean`: the device is as it was found, so the next one may have it at once. */
  | { type: 'RELEASE'; ticket: string; token?: number; clean?: boolean; replyTo?: Address }
  /** No longer wanted: leaves the queue, or gives back what came in the meantime. */
  | { type: 'CANCEL'; ticket: string }
  /** An operator takes the device from its holder. */
  | { type: 'KICK'; device: string; by: string; reason: string }
  | DeviceReport

/** What a device actor says of its device; sent whole, whenever any of it changes. */
export type DeviceReport = {
  type: 'DEVICE'
  device: string
  kind: string
  labels: Record<string, string>
  online: boolean
  health: Health
  maintenance: boolean
  /** The highest token of a failed clean-up that the device actor has heard of. */
  heard?: number
}

/** What the holder or asker is told. */
export type LockReply =
  | { type: 'lock.granted'; ticket: string; leases: { device: string; token: number }[]; expiresAt: number }
  /** `position` is 1 for the one who goes first. */
  | { type: 'lock.queued'; ticket: string; position: number }
  | {
      type: 'lock.lost'
      ticket: string
      /** Null when the ticket holds nothing. */
      device: string | null
      token: number
      reason: LossReason
      detail: string | null
    }
  | { type: 'lock.refused'; ticket: string; code: RefusalCode; reasons: string[] }

export type LossReason = 'expired' | 'held_too_long' | 'kicked' | 'stale_token' | 'not_held'

export type RefusalCode = Extract<ErrorCode, 'lock.unsatisfiable' | 'lock.ticket_taken' | 'lock.deadlock_risk'>

/** What the lock does besides changing its own state, in the order it is to be done. */
export type LockEffect =
  | { do: 'reply'; to: Address; message: LockReply }
  | { do: 'publish'; type: ResourceEvent; subject: string | null; data: ResourceFacts }
  | { do: 'clean'; device: string; token: number }
  | { do: 'stopCleaning'; device: string; token: number }
  | { do: 'suspect'; device: string; token: number; reason: string }
  | { do: 'wake'; delayMs: number; at: number }
  | { do: 'letSleep' }

export type ResourceEvent =
  | 'resource.queued'
  | 'resource.acquired'
  | 'resource.released'
  | 'resource.lost'
  | 'resource.ready'
  | 'resource.refused'

export type ResourceFacts = { [key: string]: string | number | boolean | null | string[] }
