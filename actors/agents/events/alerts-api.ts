import type { PageOf, Paging } from '../../../core/paging.ts'
import type { Principal } from '../../../core/principal.ts'
import type { ListedAlert } from '../../../db/alerts.ts'

export type AlertView = ListedAlert

/** `expected`: the revision of the alert's actor that a person looked at; where it has moved: `request.precondition_failed`. */
export interface AlertsApi {
  list(by: Principal, filter: Paging & { status?: string; subject?: string }): Promise<PageOf<AlertView>>
  get(by: Principal, fingerprint: string): Promise<AlertView>
  ack(by: Principal, fingerprint: string, note: string, expected?: number): Promise<AlertView>
  resolve(by: Principal, fingerprint: string, reason: string, expected?: number): Promise<AlertView>
  discard(by: Principal, fingerprint: string, reason: string, expected?: number): Promise<AlertView>
}
