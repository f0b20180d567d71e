import type { Address } from '../../core/address.ts'
import type { LabEvent, NewEventInput } from '../../core/event.ts'
import type { MachineGraph } from '../../core/graph.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { MachineEvent } from '../../core/message.ts'
import type { Principal, Role } from '../../core/principal.ts'
import type { HistoryEntry } from '../../db/history.ts'
import type { ActorSnapshot } from '../runtime.ts'
import type { BulkApi } from './bulk-api.ts'
import type { InstanceAction } from './instance-actions.ts'
import type { LiveApi } from './live-api.ts'
import type { MessagesApi } from './messages-api.ts'
import type { PastApi } from './past-api.ts'
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

export interface Paging {
  limit?: number
  after?: string
}
export interface PageOf<Item> {
  items: Item[]
  /** Null on the last page. */
  next: string | null
}

// — events —

export interface Ingested {
  id: string
  type: string
  /** `duplicate`: logged before, as the event `id`; nothing was delivered again. */
  status: 'routed' | 'unhandled' | 'duplicate'
  duplicateOf?: string
  deliveries: { address: Address; agent: string | null; trigger: string | null; priority: number }[]
}
export interface LoggedEvent extends LabEvent {
  status: 'accepted' | 'routed' | 'unhandled'
  sourceId: string
}
export interface DeliveryView {
  address: Address
  agent: string | null
  version: string | null
  trigger: string | null
  priority: number
  createdAt: Date
}
/** One rule's word on an event: would it start a run, and if not, what stood against it. */
export interface RuleVerdict {
  agent: string
  version: string
  trigger: string
  outcome: 'matched' | 'filtered'
  reason: string
  priority: number
  device: string | null
  /** The instances that would get it. */
  addresses: Address[]
}
export interface EventsApi {
  /** Resolves after the commit. Never waits for a lock, a slot or a run. */
  ingest(by: Principal, events: readonly NewEventInput[]): Promise<Ingested[]>
  list(
    by: Principal,
    filter: Paging & { type?: string; subject?: string; status?: string; since?: string; causationid?: string },
  ): Promise<PageOf<LoggedEvent>>
  get(by: Principal, id: string): Promise<{ event: LoggedEvent; deliveries: DeliveryView[]; runs: RunView[] }>
  /** Routes it again by the rules of now, as new deliveries. */
  replay(by: Principal, id: string): Promise<Ingested>
  dryRun(by: Principal, event: NewEventInput): Promise<RuleVerdict[]>
  /**
   * The bus: events whose type fits the patterns, from a cursor on (`null`: from now), live, in the order of commits,
   * without gaps or doubles, whichever process took them in. Ends with the signal.
   */
  subscribe(
    by: Principal,
    options: { patterns: readonly string[]; after: string | null; signal: AbortSignal },
  ): AsyncIterable<LoggedEvent & { cursor: string }>
  types(by: Principal): Promise<{ type: string; count: number; lastAt: Date }[]>
  stats(by: Principal): Promise<{ total: number; routed: number; unhandled: number; accepted: number }>
}

// — agents: the registry —

export interface AgentView {
  id: string
  name: string
  nickname: string | null
  description: string
  tags: string[]
  /** The published version that new instances get; null while there are only drafts. */
  current: string | null
  /** Highest version, of any status. */
  latest: string
  status: 'draft' | 'published' | 'deprecated'
  enabled: boolean
}
export interface VersionView {
  id: string
  version: string
  status: 'draft' | 'published' | 'deprecated'
  contentHash: string
  createdAt: Date
  publishedAt: Date | null
  definition: JsonObject
  /** What it asks for and does not get in this version. */
  warnings: string[]
}
export interface AgentsApi {
  list(by: Principal): Promise<AgentView[]>
  get(by: Principal, id: string): Promise<AgentView>
  versions(by: Principal, id: string): Promise<VersionView[]>
  version(by: Principal, id: string, version: string): Promise<VersionView>
  /** The bytes as they were imported. */
  source(by: Principal, id: string, version: string): Promise<string>
  /** YAML or JSON → a draft. The same bytes again: the same version (`created: false`); other bytes under a version that is not a draft: `agent.version_exists`. */
  import(by: Principal, text: string, fileName: string): Promise<{ version: VersionView; created: boolean }>
  /** Throws `agent.bad_definition` with `details.problems`. */
  validate(by: Principal, text: string, fileName: string): Promise<{ id: string; version: string; warnings: string[] }>
  publish(by: Principal, id: string, version: string): Promise<VersionView>
  deprecate(by: Principal, id: string, version: string): Promise<VersionView>
  /** Drafts only; else `agent.version_in_use`. */
  remove(by: Principal, id: string, version: string): Promise<void>
  setEnabled(by: Principal, id: string, enabled: boolean): Promise<AgentView>
  /** The JSON Schema of definitions. */
  schema(): JsonObject
}

// — instances and runs —

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
export interface RunView {
  /** The key of its address `run/<id>`. */
  id: string
  address: Address
  agent: string
  version: string
  instance: string
  event: { id: string; type: string }
  device: string | null
  priority: number
  state: string
  /** Null while it runs. */
  outcome: 'succeeded' | 'failed' | 'aborted' | 'timedOut' | null
  reason: string | null
  startedAt: Date
  endedAt: Date | null
}
export interface StepView {
  position: number
  step: string
  tool: string
  status: 'started' | 'succeeded' | 'failed' | 'skipped' | 'waiting' | 'unknown'
  attempt: number
  input: Json
  output: Json
  error: Json
  startedAt: Date
  endedAt: Date | null
}
/** A state of a run and how long it was in it; of the last one of a run that goes on: until now. */
export interface RunPhase {
  state: string
  startedAt: Date
  ms: number
}
/** Milliseconds in the queue for its device, at work, and standing still (a pause, a person's word). */
export interface RunTiming {
  queuedMs: number
  workingMs: number
  idleMs: number
}
export interface RunsApi {
  list(
    by: Principal,
    filter: Paging & { agent?: string; instance?: string; device?: string; outcome?: string },
  ): Promise<PageOf<RunView>>
  get(
    by: Principal,
    id: string,
  ): Promise<
    RunView & {
      steps: StepView[]
      evidence: { id: string; step: string; mediaType: string }[]
      phases: RunPhase[]
      timing: RunTiming
    }
  >
  /** Stops it at once; cleanup runs, then the device is released. */
  cancel(by: Principal, id: string, reason: string): Promise<RunView>
  /** A person's word to a run that stands `suspended` (a call's outcome is unknown: retry, skip or abort) or `awaitingApproval`. */
  decide(
    by: Principal,
    id: string,
    decision: 'retry' | 'skip' | 'abort' | 'approve' | 'deny',
    reason: string,
  ): Promise<RunView>
  evidence(by: Principal, id: string, evidence: string): Promise<{ bytes: Uint8Array; mediaType: string }>
  metrics(
    by: Principal,
    agent: string,
  ): Promise<
    {
      version: string
      runs: number
      succeeded: number
      failed: number
      aborted: number
      successRate: number | null
      medianMs: number | null
    }[]
  >
}

// — actors of any kind —

export interface ActorSummary {
  address: Address
  kind: string
  key: string
  status: string
  value: Json
  revision: number
  updatedAt: Date
}
/** Everything that explains why an actor stands where it stands. */
export interface Why {
  address: Address
  status: string
  value: Json
  /** Active states, innermost last, with the words of the machine's author. */
  states: { path: string; description: string | null }[]
  /** When it entered the state it is in; messages that left it there do not count. */
  since: Date
  waitingFor: string
  lastTransition: HistoryEntry | null
  nextEvents: string[]
  /** Events that it would refuse now, whatever they carry. */
  refusedEvents: { type: string; reason: string }[]
  /** Every event that the machine knows, and what it would do with it now. */
  events: EventVerdict[]
  /** Timers that run, the next one first. */
  delays: PendingDelay[]
  /** Work that runs for it, or waits for a worker. */
  invocations: PendingInvocation[]
  /** Actors that it started and that live. */
  children: { id: string; address: Address; status: string; value: Json }[]
}
export interface EventVerdict {
  type: string
  /** Null: it depends on what the event carries (`dependsOn`). */
  accepted: boolean | null
  /** False where it would take the event and stay as it is. */
  changes: boolean
  /** Guards that stand in the way, by name. */
  guards: string[]
  /** What the guards look at in the event. */
  dependsOn: string[]
  /** Edges of the machine's graph: those it would take, or those whose guards refuse. */
  edges: string[]
  /** Why not, or on what it depends; null where it is accepted. */
  reason: string | null
  /** True where people may send it to this kind of actor; the rest is what actors say to each other. */
  forPeople: boolean
}
export interface PendingDelay {
  id: string
  event: string
  dueAt: Date
  /** When it was armed, where its history still tells. */
  armedAt: Date | null
  /** The state that it leaves, and the edge that it takes; null for one that an action asked for. */
  state: string | null
  edge: string | null
  /** Another actor that gets the event. */
  target: Address | null
}
export interface PendingInvocation {
  id: string
  src: string
  since: Date
  /** The try that is under way, or was last; 0 before the first. */
  attempt: number
  running: boolean
  /** How far a run has come: step 3 of 5. */
  progress: { step: number; of: number; name: string | null } | null
}
export interface ActorsApi {
  list(by: Principal, filter: Paging & { kind?: string; status?: string }): Promise<PageOf<ActorSummary>>
  get(by: Principal, address: Address): Promise<ActorSnapshot & { active: string[] }>
  mailbox(
    by: Principal,
    address: Address,
  ): Promise<
    {
      messageId: string
      lane: number
      event: MachineEvent
      sender: string | null
      cause: string | null
      createdAt: Date
    }[]
  >
  history(
    by: Principal,
    address: Address,
    page: { after?: number; before?: number; limit: number; newestFirst?: boolean },
  ): Promise<HistoryEntry[]>
  why(by: Principal, address: Address): Promise<Why>
  /** State as of a revision, by replay. */
  replay(
    by: Principal,
    address: Address,
    at: number,
  ): Promise<{ revision: number; value: Json; context: Json; status: string; equal?: boolean }>
  /** The cursor that stands for now: following from it gives everything that commits from here on. */
  cursor(): Promise<string>
  /** Live history of the team's actors from a cursor (`null`: from now on), without gaps or doubles. */
  follow(by: Principal, options: { cursor: string | null; signal: AbortSignal }): AsyncIterable<HistoryEntry>
  machines(): { kind: string; id: string; hash: string; version: string }[]
  /** The chart of a kind's machine; throws `machine.not_found`. */
  graph(kind: string): { hash: string; graph: MachineGraph }
}

// — the lab —

export interface DeviceView {
  id: string
  name: string
  kind: string
  pool: string
  host: string
  labels: Json
  gateway: string
  connectivity: string
  health: string
  maintenance: Json
  holder: {
    ticket: string
    owner: { kind: string; id: string }
    token: number
    reason: string | null
    grantedAt: Date
    expiresAt: Date
  } | null
  /** Tickets that wait in its pool and could use it. */
  queue: number
  updatedAt: Date
}
export interface DeviceRegistration {
  kind: string
  pool: string
  host: string
  name?: string
  labels?: Record<string, string>
  gateway: string
  connectivity: 'online' | 'offline' | 'unknown'
}
export interface DevicesApi {
  list(by: Principal): Promise<DeviceView[]>
  get(by: Principal, id: string): Promise<DeviceView>
  /** Idempotent: the lab calls it on start and whenever connectivity changes. */
  register(by: Principal, id: string, registration: DeviceRegistration): Promise<DeviceView>
  maintenance(by: Principal, id: string, on: boolean, reason: string): Promise<DeviceView>
  kick(by: Principal, id: string, reason: string): Promise<DeviceView>
}
export interface TicketView {
  ticket: string
  pool: string
  owner: { kind: string; id: string }
  state: string
  position: number | null
  priority: number
  wants: Json
  devices: { device: string; token: number; expiresAt: Date }[]
  reason: string | null
  enqueuedAt: Date
}
export interface TicketRequest {
  pool: string
  wants: JsonObject
  priority?: number
  ttlMs?: number
  maxHoldMs?: number
  reason?: string
  /** The Idempotency-Key: the same owner and key is the same ticket. */
  key?: string
}
export interface LocksApi {
  list(by: Principal): Promise<DeviceView[]>
  queue(by: Principal, pool: string): Promise<TicketView[]>
  /** Resolves once the lock actor has decided: granted, queued with a position, or refused (`lock.*`). */
  create(by: Principal, request: TicketRequest): Promise<TicketView>
  /** Waits up to `waitMs` for a queued ticket to be granted. */
  get(by: Principal, ticket: string, waitMs?: number): Promise<TicketView>
  renew(by: Principal, ticket: string): Promise<TicketView>
  /** Releases a granted ticket, or cancels a queued one. */
  release(by: Principal, ticket: string): Promise<void>
}
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

// — what went wrong, who did what —

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
/** What needs a person: nothing of it goes on, or is looked at, by itself. */
export interface InboxApi {
  get(by: Principal): Promise<InboxView>
}
export interface InboxView {
  /** Runs that wait for a word: `awaitingApproval` and `suspended`; the oldest first, at most 500. */
  runs: RunView[]
  /** Open dead letters. */
  deadLetters: number
  /** Actors whose stored state their machine does not know. */
  parked: number
  /** Events of the last 24 hours that no agent heard. */
  unhandled: number
}
export interface KeyView {
  id: string
  name: string
  role: Role
  team: string
  /** How it begins, to tell it from others; null for one that was made before this was kept. */
  hint: string | null
  createdAt: Date
  lastUsedAt: Date | null
  /** Null: it does not end by itself. */
  expiresAt: Date | null
  revokedAt: Date | null
}
export interface KeysApi {
  /** The principal behind a key `trp_…` or a session `trs_…`; undefined for one that is unknown, revoked or has ended. */
  authenticate(secret: string): Promise<Principal | undefined>
  /** True once a key exists: from then on every call needs one. */
  required(): Promise<boolean>
  /** The only time the key itself is told. */
  create(
    by: Principal,
    request: { name: string; role: Role; team?: string | undefined; expiresAt?: Date | undefined },
  ): Promise<{ key: string; view: KeyView }>
  list(by: Principal): Promise<KeyView[]>
  /** A new key in the place of another, which is good for `graceMs` more. Throws `key.ended` for one that is not good now. */
  rotate(
    by: Principal,
    id: string,
    options: { graceMs: number; expiresAt?: Date | undefined },
  ): Promise<{ key: string; view: KeyView }>
  /** Ends it, and every session that was opened with it. */
  revoke(by: Principal, id: string): Promise<void>
  /** Hours for which a key need not be shown again; undefined when the key is not good. */
  openSession(key: string): Promise<{ session: string; principal: Principal; lastsMs: number } | undefined>
  closeSession(session: string): Promise<void>
}
/** What became of a request that named itself with an Idempotency-Key. */
export type Begun =
  /** Nobody did it yet: do it, then `finish`, or `abandon` when it may be tried again. */
  { state: 'new' } | { state: 'running' } | { state: 'finished'; answer: StoredAnswer }
export interface StoredAnswer {
  status: number
  headers: Record<string, string>
  body: string
}
/** The same key and the same bytes are done once and answered alike; `request` is the method and path they were sent to. */
export interface IdempotencyApi {
  /** Throws `idempotency.body_differs` when the key came with other bytes before. A request that its process never finished is `new` again after a minute. */
  begin(by: Principal, key: string, request: string, bodyHash: string): Promise<Begun>
  finish(by: Principal, key: string, request: string, answer: StoredAnswer): Promise<void>
  abandon(by: Principal, key: string, request: string): Promise<void>
}
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
