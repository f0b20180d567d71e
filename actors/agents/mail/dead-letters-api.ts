import type { Address } from '../../../core/address.ts'
import type { MachineEvent } from '../../../core/message.ts'
import type { PageOf, Paging } from '../../../core/paging.ts'
import type { Principal } from '../../../core/principal.ts'
import type { DeadLetter } from '../../../db/dead-letters.ts'

export type DeadLetterView = Omit<DeadLetter, 'kind' | 'lane' | 'team'>

export interface DeadLettersApi {
  list(by: Principal, filter: Paging & { open?: boolean; address?: Address }): Promise<PageOf<DeadLetterView>>
  /** Sends it again, as it was or edited. */
  redrive(by: Principal, id: number, event?: MachineEvent): Promise<DeadLetterView>
  discard(by: Principal, id: number): Promise<DeadLetterView>
}
