import type { Principal } from '../../core/principal.ts'
import type { ListedAlert } from '../../db/alerts.ts'
import type { PageOf, Paging } from './paging.ts'

export type AlertView = ListedAlert

/** What a person says of an alert. */
export interface AlertWord {
  text: string
  /** The revision of the alert's actor that they looked at: refused (`request.precondition_failed`) where it has moved. */
  expected?: number | undefined
}

export interface AlertsApi {
  list(by: Principal, filter: Paging & { status?: string; subject?: string }): Promise<PageOf<AlertView>>
  get(by: Principal, fingerprint: string): Promise<AlertView>
  ack(by: Principal, fingerprint: string, note: AlertWord): Promise<AlertView>
  resolve(by: Principal, fingerprint: string, reason: AlertWord): Promise<AlertView>
  discard(by: Principal, fingerprint: string, reason: AlertWord): Promise<AlertView>
}
