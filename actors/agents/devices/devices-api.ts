import type { Json } from '../../../core/json.ts'
import type { Principal } from '../../../core/principal.ts'

export interface DeviceView {
  id: string
  name: string
  kind: string
  pool: string
  host: string
  labels: Json
  gateway: string
  connectivity: string
  health: string
  maintenance: Json
  holder: {
    ticket: string
    owner: { kind: string; id: string }
    token: number
    reason: string | null
    grantedAt: Date
    expiresAt: Date
  } | null
  /** Why nobody is given it, where it is suspect or bad: until somebody vouches for it. */
  doubt: { reason: string | null; by: string | null; since: Date } | null
  /** Tickets that wait in its pool and could use it. */
  queue: number
  updatedAt: Date
}

export interface DeviceRegistration {
  kind: string
  pool: string
  host: string
  name?: string
  labels?: Record<string, string>
  gateway: string
  connectivity: 'online' | 'offline' | 'unknown'
}

export interface DevicesApi {
  list(by: Principal): Promise<DeviceView[]>
  get(by: Principal, id: string): Promise<DeviceView>
  /** What its gateway says it shows now; undefined when that does not answer. Throws `tool.address_refused` where no gateway may be. */
  picture(by: Principal, id: string): Promise<Uint8Array | undefined>
  /** Idempotent: the lab calls it on start and whenever connectivity changes. */
  register(by: Principal, id: string, registration: DeviceRegistration): Promise<DeviceView>
  maintenance(by: Principal, id: string, on: boolean, reason: string): Promise<DeviceView>
  kick(by: Principal, id: string, reason: string): Promise<DeviceView>
  /** A person says that it is fit for work. Throws `event.refused` for one that nobody doubts. */
  vouch(by: Principal, id: string, reason: string): Promise<DeviceView>
}
