import type { Address } from '../../../core/address.ts'
import type { PageOf, Paging } from '../../../core/paging.ts'
import type { Principal } from '../../../core/principal.ts'
import type { InstanceAction } from './instance-actions.ts'

export interface InstanceView {
  /** The key of its address `agent/<id>`. */
  id: string
  address: Address
  agent: string
  version: string
  name: string
  nickname: string | null
  description: string
  /** State as a dotted path, for example `running`. */
  state: string
  status: string
  revision: number
  waitingFor: string
  backlog: number
  runs: { active: number; succeeded: number; failed: number; aborted: number }
  updatedAt: Date
}

export interface InstanceQuery {
  state?: string | undefined
  agent?: string | undefined
  /** Works on it now. */
  device?: string | undefined
  /** Part of the id, or of the agent's id, name or nickname. */
  q?: string | undefined
}

export interface InstanceCounts {
  counts: Record<string, number>
  total: number
}

export interface InstancesApi {
  /** Makes the instance, or finds it: the same key is the same instance. Default key: the agent's id. */
  start(
    by: Principal,
    request: { agent: string; version?: string; key?: string },
  ): Promise<{ instance: InstanceView; created: boolean }>
  /** With how many there are in each state, whatever state was asked for. */
  list(by: Principal, filter: Paging & InstanceQuery): Promise<PageOf<InstanceView> & InstanceCounts>
  get(by: Principal, id: string): Promise<InstanceView>
  /** Refuses (`event.refused`, with state and allowedEvents) what the machine does not accept now. `expected`: revision of If-Match. */
  command(
    by: Principal,
    id: string,
    action: InstanceAction,
    options: { reason?: string; expected?: number },
  ): Promise<InstanceView>
}
