import type { Json } from '../../core/json.ts'
import type { Paging } from './paging.ts'

export interface AuditPage extends Paging {
  principal?: string | undefined
  /** `agent.publish`, or all of a thing: `agent`. */
  action?: string | undefined
  /** An id; or an actor's address, which also stands for the thing that its key names. */
  target?: string | undefined
}

export interface AuditEntry {
  id: number
  at: Date
  principal: string
  action: string
  target: string
  details: Json
}
