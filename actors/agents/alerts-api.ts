import type { Json } from '../../core/json.ts'
import type { Principal } from '../../core/principal.ts'
import type { PageOf, Paging } from './paging.ts'

export interface AlertView {
  fingerprint: string
  kind: string
  subject: string | null
  severity: string
  status: 'firing' | 'resolved'
  state: string
  episode: number
  count: number
  eventId: string
  startedAt: Date
  endedAt: Date | null
  lastSeenAt: Date
  verdict: Json
}

export interface AlertsApi {
  list(by: Principal, filter: Paging & { status?: string; subject?: string }): Promise<PageOf<AlertView>>
  get(by: Principal, fingerprint: string): Promise<AlertView>
  ack(by: Principal, fingerprint: string, note: string): Promise<AlertView>
  resolve(by: Principal, fingerprint: string, reason: string): Promise<AlertView>
  discard(by: Principal, fingerprint: string, reason: string): Promise<AlertView>
}
