import type { Health } from './lock-schedule.ts'

export interface DeviceInput {
  at: number
  id: string
}

/** What a host says of a device when it comes up; sent again whenever any of it changes. */
export interface Registration {
  kind: string
  /** Chosen once: tokens are counted per pool, so a device that moved could be given an old token again. */
  pool: string
  host: string
  labels: Record<string, string>
  name: string
  /** Base URL of the lab gateway that drives it. */
  gateway: string
  connectivity: 'unknown' | 'online' | 'offline'
  /** True: something (a health-check agent) listens for `device.suspect` and answers HEALTHY or UNHEALTHY. */
  check?: boolean
}

export type DeviceMessage =
  | ({ type: 'REGISTER' } & Registration)
  | { type: 'ONLINE' }
  | { type: 'OFFLINE' }
  | { type: 'MAINTENANCE'; on: boolean; by: string; reason: string }
  /** Infrastructure misbehaved or a clean-up failed; a failed test is no reason. `token`: of the clean-up. */
  | { type: 'SUSPECT'; reason: string; token?: number }
  /** A check passed, or a person vouches for it. */
  | { type: 'HEALTHY'; by: string }
  /** A check failed. */
  | { type: 'UNHEALTHY'; by: string; reason: string }

export type DeviceEvent = DeviceMessage & { at: number }

export interface DeviceState {
  id: string
  /** Null until it registers: then nobody can be given it. */
  registration: Omit<Registration, 'connectivity'> | null
  connectivity: Registration['connectivity']
  /** What the pool is told; in maintenance, what the device will be afterwards. */
  health: Health
  maintenance: boolean
  /** When it was suspected, over the last 24 hours. */
  suspectedAt: number[]
  /** The highest token of a failed clean-up that was heard of. */
  heard: number
  /** Why its health is as it is, and who said so. */
  reason: string | null
  by: string | null
  lastSeenAt: number | null
}
