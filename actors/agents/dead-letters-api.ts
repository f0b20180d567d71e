import type { Address } from '../../core/address.ts'
import type { Json } from '../../core/json.ts'
import type { MachineEvent } from '../../core/message.ts'
import type { Principal } from '../../core/principal.ts'
import type { PageOf, Paging } from './paging.ts'

export interface DeadLetterView {
  id: number
  address: Address
  messageId: string
  event: MachineEvent
  sender: string | null
  cause: string | null
  reason: string
  error: Json
  revision: number | null
  createdAt: Date
  resolution: 'redriven' | 'discarded' | null
  resolvedBy: string | null
  resolvedAt: Date | null
}

export interface DeadLettersApi {
  list(by: Principal, filter: Paging & { open?: boolean; address?: Address }): Promise<PageOf<DeadLetterView>>
  /** Sends it again, as it was or edited. */
  redrive(by: Principal, id: number, event?: MachineEvent): Promise<DeadLetterView>
  discard(by: Principal, id: number): Promise<DeadLetterView>
}
