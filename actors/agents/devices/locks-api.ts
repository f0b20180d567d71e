import type { Json, JsonObject } from '../../../core/json.ts'
import type { Principal } from '../../../core/principal.ts'
import type { DeviceView } from './devices-api.ts'

export interface TicketView {
  ticket: string
  pool: string
  owner: { kind: string; id: string }
  state: string
  position: number | null
  priority: number
  wants: Json
  devices: { device: string; token: number; expiresAt: Date }[]
  reason: string | null
  enqueuedAt: Date
}

export interface TicketRequest {
  pool: string
  wants: JsonObject
  priority?: number
  ttlMs?: number
  maxHoldMs?: number
  reason?: string
  /** The Idempotency-Key: the same owner and key is the same ticket. */
  key?: string
}

export interface LocksApi {
  list(by: Principal): Promise<DeviceView[]>
  queue(by: Principal, pool: string): Promise<TicketView[]>
  /** Resolves once the lock actor has decided: granted, queued with a position, or refused (`lock.*`). */
  create(by: Principal, request: TicketRequest): Promise<TicketView>
  /** Waits up to `waitMs` for a queued ticket to be granted. */
  get(by: Principal, ticket: string, waitMs?: number): Promise<TicketView>
  renew(by: Principal, ticket: string): Promise<TicketView>
  /** Releases a granted ticket, or cancels a queued one. */
  release(by: Principal, ticket: string): Promise<void>
}
