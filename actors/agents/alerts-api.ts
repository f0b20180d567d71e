import type { Principal } from '../../core/principal.ts'
import type { ListedAlert } from '../../db/alerts.ts'
import type { PageOf, Paging } from './paging.ts'

export type AlertView = ListedAlert

export interface AlertsApi {
  list(by: Principal, filter: Paging & { status?: string; subject?: string }): Promise<PageOf<AlertView>>
  get(by: Principal, fingerprint: string): Promise<AlertView>
  ack(by: Principal, fingerprint: string, note: string): Promise<AlertView>
  resolve(by: Principal, fingerprint: string, reason: string): Promise<AlertView>
  discard(by: Principal, fingerprint: string, reason: string): Promise<AlertView>
}
