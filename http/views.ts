import { z } from 'zod'
import type * as api from '../actors/agents/api.ts'
import { Severity } from '../core/event.ts'
import { ROLES } from '../core/principal.ts'
import { Anything, Time, type Wire } from './words.ts'

/**
 * The bodies that go out, for the API description; tests hold the answers to them. Each is checked by the compiler
 * against what the platform answers, dates being text by then.
 */
type View<T> = z.ZodType<Wire<T>>

const Address = z.string().describe('`kind/key`')
const Count = z.int().min(0)
const named = <S extends z.ZodType>(id: string, schema: S): S => schema.meta({ id })

/** One page of a list. */
export function pageOf(item: z.ZodType): z.ZodType {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() })
}

export const Problem = named(
  'Problem',
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    retryable: z.boolean(),
    requestId: z.string(),
  }),
)

const Delivery = z.strictObject({
  address: Address,
  agent: z.string().nullable(),
  trigger: z.string().nullable(),
  priority: z.int(),
})

export const Ingested = named(
  'Ingested',
  z.strictObject({
    id: z.string(),
    type: z.string(),
    status: z.enum(['routed', 'unhandled', 'duplicate']),
    duplicateOf: z.string().optional(),
    deliveries: z.array(Delivery),
  }) satisfies View<api.Ingested>,
)

export const IngestedMany = named(
  'IngestedMany',
  z.strictObject({
    results: z.array(
      z.union([
        Ingested,
        z.strictObject({
          index: z.int(),
          status: z.literal('rejected'),
          message: z.string(),
          path: z.string().optional(),
        }),
      ]),
    ),
  }),
)

export const LoggedEvent = named(
  'LoggedEvent',
  z.strictObject({
    id: z.string(),
    source: z.string(),
    type: z.string(),
    subject: z.string().nullable(),
    time: Time,
    data: Anything,
    severity: Severity.nullable(),
    priority: z.int(),
    correlationid: z.string().nullable(),
    causationid: z.string().nullable(),
    depth: Count,
    receivedAt: Time,
    status: z.enum(['accepted', 'routed', 'unhandled']),
    sourceId: z.string(),
  }) satisfies View<api.LoggedEvent>,
)

export const Verdict = named(
  'RuleVerdict',
  z.strictObject({
    agent: z.string(),
    version: z.string(),
    trigger: z.string(),
    outcome: z.enum(['matched', 'filtered']),
    reason: z.string(),
    priority: z.int(),
    device: z.string().nullable(),
    addresses: z.array(Address),
  }) satisfies View<api.RuleVerdict>,
)

export const Agent = named(
  'Agent',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    nickname: z.string().nullable(),
    description: z.string(),
    tags: z.array(z.string()),
    current: z.string().nullable(),
    latest: z.string(),
    status: z.enum(['draft', 'published', 'deprecated']),
    enabled: z.boolean(),
  }) satisfies View<api.AgentView>,
)

export const Version = named(
  'AgentVersion',
  z.strictObject({
    id: z.string(),
    version: z.string(),
    status: z.enum(['draft', 'published', 'deprecated']),
    contentHash: z.string(),
    createdAt: Time,
    publishedAt: Time.nullable(),
    definition: z.record(z.string(), Anything),
  }) satisfies View<api.VersionView>,
)

export const Instance = named(
  'Instance',
  z.strictObject({
    id: z.string(),
    address: Address,
    agent: z.string(),
    version: z.string(),
    name: z.string(),
    nickname: z.string().nullable(),
    description: z.string(),
    state: z.string(),
    status: z.string(),
    revision: Count,
    waitingFor: z.string(),
    backlog: Count,
    runs: z.strictObject({ active: Count, succeeded: Count, failed: Count, aborted: Count }),
    updatedAt: Time,
  }) satisfies View<api.InstanceView>,
)

const run = {
  id: z.string(),
  address: Address,
  agent: z.string(),
  version: z.string(),
  instance: z.string(),
  event: z.strictObject({ id: z.string(), type: z.string() }),
  device: z.string().nullable(),
  priority: z.int(),
  state: z.string(),
  outcome: z.enum(['succeeded', 'failed', 'aborted', 'timedOut']).nullable(),
  reason: z.string().nullable(),
  startedAt: Time,
  endedAt: Time.nullable(),
}
export const Run = named('Run', z.strictObject(run) satisfies View<api.RunView>)

const Step = named(
  'Step',
  z.strictObject({
    position: Count,
    step: z.string(),
    tool: z.string(),
    status: z.enum(['started', 'succeeded', 'failed', 'skipped', 'waiting', 'unknown']),
    attempt: Count,
    input: Anything,
    output: Anything,
    error: Anything,
    startedAt: Time,
    endedAt: Time.nullable(),
  }) satisfies View<api.StepView>,
)
export const RunInFull = named(
  'RunInFull',
  z.strictObject({
    ...run,
    steps: z.array(Step),
    evidence: z.array(z.strictObject({ id: z.string(), step: z.string(), mediaType: z.string() })),
  }),
)

export const ActorSummary = named(
  'ActorSummary',
  z.strictObject({
    address: Address,
    kind: z.string(),
    key: z.string(),
    status: z.string(),
    value: Anything,
    revision: Count,
    updatedAt: Time,
  }) satisfies View<api.ActorSummary>,
)

export const Device = named(
  'Device',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    kind: z.string(),
    pool: z.string(),
    host: z.string(),
    labels: Anything,
    gateway: z.string(),
    connectivity: z.string(),
    health: z.string(),
    maintenance: Anything,
    holder: z
      .strictObject({
        ticket: z.string(),
        owner: z.strictObject({ kind: z.string(), id: z.string() }),
        token: z.int(),
        reason: z.string().nullable(),
        grantedAt: Time,
        expiresAt: Time,
      })
      .nullable(),
    queue: Count,
    updatedAt: Time,
  }) satisfies View<api.DeviceView>,
)

export const Ticket = named(
  'Ticket',
  z.strictObject({
    ticket: z.string(),
    pool: z.string(),
    owner: z.strictObject({ kind: z.string(), id: z.string() }),
    state: z.string(),
    position: Count.nullable(),
    priority: z.int(),
    wants: Anything,
    devices: z.array(z.strictObject({ device: z.string(), token: z.int(), expiresAt: Time })),
    reason: z.string().nullable(),
    enqueuedAt: Time,
  }) satisfies View<api.TicketView>,
)

export const Alert = named(
  'Alert',
  z.strictObject({
    fingerprint: z.string(),
    kind: z.string(),
    subject: z.string().nullable(),
    severity: z.string(),
    status: z.enum(['firing', 'resolved']),
    state: z.string(),
    episode: Count,
    count: Count,
    eventId: z.string(),
    startedAt: Time,
    endedAt: Time.nullable(),
    lastSeenAt: Time,
    verdict: Anything,
  }) satisfies View<api.AlertView>,
)

export const DeadLetter = named(
  'DeadLetter',
  z.strictObject({
    id: z.int(),
    address: Address,
    messageId: z.string(),
    event: z.looseObject({ type: z.string() }),
    sender: z.string().nullable(),
    cause: z.string().nullable(),
    reason: z.string(),
    error: Anything,
    revision: Count.nullable(),
    createdAt: Time,
    resolution: z.enum(['redriven', 'discarded']).nullable(),
    resolvedBy: z.string().nullable(),
    resolvedAt: Time.nullable(),
  }),
)

const key = {
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  team: z.string(),
  createdAt: Time,
  lastUsedAt: Time.nullable(),
  revokedAt: Time.nullable(),
}
export const Key = named('Key', z.strictObject(key) satisfies View<api.KeyView>)
export const NewKey = named('NewKey', z.strictObject({ ...key, key: z.string().describe('Told this once') }))

export const AuditEntry = named(
  'AuditEntry',
  z.strictObject({
    id: z.int(),
    at: Time,
    principal: z.string(),
    action: z.string(),
    target: z.string(),
    details: Anything,
  }) satisfies View<api.AuditEntry>,
)

export const System = named(
  'System',
  z.strictObject({
    version: z.string(),
    roles: z.array(z.string()),
    backend: z.enum(['postgres', 'redis']),
    lab: z.string().nullable(),
    postgres: z.boolean(),
    queue: z.boolean(),
    lagMs: z.number(),
  }) satisfies View<api.SystemInfo>,
)
