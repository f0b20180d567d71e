import type { Principal } from '../../core/principal.ts'
import type { ActorsApi } from './actors-api.ts'
import type { AgentsApi } from './agents-api.ts'
import type { AlertsApi } from './alerts-api.ts'
import type { AuditEntry, AuditPage } from './audit-api.ts'
import type { BulkApi } from './bulk-api.ts'
import type { DeadLettersApi } from './dead-letters-api.ts'
import type { DevicesApi } from './devices-api.ts'
import type { EventsApi } from './events-api.ts'
import type { IdempotencyApi } from './idempotency-api.ts'
import type { InboxApi } from './inbox-api.ts'
import type { InstancesApi } from './instances-api.ts'
import type { KeysApi } from './keys-api.ts'
import type { LiveApi } from './live-api.ts'
import type { LocksApi } from './locks-api.ts'
import type { MessagesApi } from './messages-api.ts'
import type { PageOf } from './paging.ts'
import type { PastApi } from './past-api.ts'
import type { RunsApi } from './runs-api.ts'
import type { SchedulesApi } from './schedules-api.ts'
import type { SourcesApi } from './sources-api.ts'

/**
 * What the platform offers to its doors (HTTP, CLI). Every call names who asks; another team's rows are as if they
 * were not there (`*.not_found`). Failures are `AppError`s. Lists come in pages: `after` is the `next` of the page before.
 */
export interface Platform {
  events: EventsApi
  agents: AgentsApi
  instances: InstancesApi
  runs: RunsApi
  actors: ActorsApi
  past: PastApi
  live: LiveApi
  messages: MessagesApi
  devices: DevicesApi
  locks: LocksApi
  alerts: AlertsApi
  deadLetters: DeadLettersApi
  keys: KeysApi
  sources: SourcesApi
  schedules: SchedulesApi
  idempotency: IdempotencyApi
  audit: { list(by: Principal, page: AuditPage): Promise<PageOf<AuditEntry>> }
  bulk: BulkApi
  inbox: InboxApi
  system(): Promise<SystemInfo>
  /** Milliseconds that the oldest waiting message has waited; 0 when nothing waits. */
  lagMs(): Promise<number>
  start(): Promise<void>
  stop(): Promise<void>
}

export interface SystemInfo {
  version: string
  roles: readonly string[]
  backend: 'postgres' | 'redis'
  lab: string | null
  postgres: boolean
  queue: boolean
  /** Milliseconds that the oldest waiting message has waited; 0 when nothing waits. */
  lagMs: number
}
