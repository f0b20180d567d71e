import type { Principal } from '../../../core/principal.ts'
import type { Begun, StoredAnswer } from '../../../db/idempotency.ts'

/** The same key and the same bytes are done once and answered alike; `request` is the method and path they were sent to. */
export interface IdempotencyApi {
  /** Throws `idempotency.body_differs` when the key came with other bytes before. A request that its process never finished is `new` again after a minute. */
  begin(by: Principal, key: string, request: string, bodyHash: string): Promise<Begun>
  finish(by: Principal, key: string, request: string, answer: StoredAnswer): Promise<void>
  abandon(by: Principal, key: string, request: string): Promise<void>
}
