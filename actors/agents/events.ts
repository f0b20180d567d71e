import { createHash } from 'node:crypto'
import { monotonicFactory } from 'ulid'
import { type Address, teamKey } from '../../core/address.ts'
import { AppError } from '../../core/errors.ts'
import { NewEvent, type NewEventInput, SEVERITY_PRIORITY } from '../../core/event.ts'
import { canonicalJson, toJson } from '../../core/json.ts'
import type { Log } from '../../core/log.ts'
import type { MachineEvent } from '../../core/message.ts'
import type { Principal } from '../../core/principal.ts'
import {
  appendEvents,
  countEvents,
  type DeliveryRow,
  type EventRow,
  findEvent,
  listAccepted,
  listDeliveries,
  listEvents,
  listTypes,
  markRouted,
  type StoredEvent,
} from '../../db/events.ts'
import { listRuns } from '../../db/runs.ts'
import type { Runtime } from '../runtime.ts'
import type { EventsApi, Ingested, LoggedEvent } from './api.ts'
import type { TeamEvent } from './router.ts'
import type { createRules, Routed, RuleBook } from './rules.ts'
import { runView } from './runs.ts'

const PER_COMMIT = 200
const PAGE = 50

export interface Events extends EventsApi {
  /** Routes what actors emitted since the last time. Safe to call at any time, from any worker. */
  routeEmitted(): Promise<void>
  /** As `ingest`, for what a run says about the event that it works on: one deeper in the chain of causes. */
  ingestCaused(by: Principal, event: NewEventInput, cause: StoredEvent): Promise<Ingested[]>
}

interface Incoming {
  team: string
  event: NewEvent
  depth: number
  resolve(result: Ingested): void
  reject(error: unknown): void
}

/** The event log with its router: what is posted is logged, routed and put into mailboxes in one commit. */
export function createEvents(deps: { runtime: Runtime; rules: ReturnType<typeof createRules>; log: Log }): Events {
  const { runtime, rules, log } = deps
  const { sql } = runtime
  const newId = monotonicFactory()
  let queue: Incoming[] = []
  let busy = false
  let routing: Promise<void> | undefined

  /** What comes in while a commit is under way shares the next one. */
  async function flush(): Promise<void> {
    busy = true
    while (queue.length > 0) {
      const batch = takeBatch()
      try {
        await commit(batch)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    busy = false
  }

  /** At most one event of each alert, since each decides about its episode. */
  function takeBatch(): Incoming[] {
    const alerts = new Set<string>()
    const batch: Incoming[] = []
    const later: Incoming[] = []
    for (const incoming of queue) {
      const fingerprint = incoming.event.alert && `${incoming.team} ${incoming.event.alert.fingerprint}`
      if (batch.length === PER_COMMIT || (fingerprint && alerts.has(fingerprint))) later.push(incoming)
      else {
        if (fingerprint) alerts.add(fingerprint)
        batch.push(incoming)
      }
    }
    queue = later
    return batch
  }

  async function commit(batch: Incoming[]): Promise<void> {
    await openAlerts(batch)
    const events = batch.map(({ team, event, depth }) => toRow(team, event, newId(), depth))
    for (let book = await rules.current(); ; book = await rules.reload()) {
      const routed = events.map((event) => book.decide(toTeamEvent(event)))
      for (const [index, event] of events.entries())
        event.status = routed[index]!.some((one) => one.address) ? 'routed' : 'unhandled'
      const deliveries = events.flatMap((event, index) => [
        ...toAlert(event),
        ...toAgents(event, routed[index]!, event.id),
      ])
      const results = await appendEvents(sql, events, deliveries, book.revision)
      // The rules moved between deciding and committing: nothing was written, decide by the new ones.
      if (!results) continue
      const logged = new Set(results.filter((one) => one.logged).map((one) => one.id))
      runtime.nudge([...new Set(deliveries.filter((one) => logged.has(one.eventId)).map((one) => one.address))])
      for (const [index, { resolve, reject }] of batch.entries()) {
        const event = events[index]!
        const { duplicateOf, duplicateHash } = results[index]!
        if (logged.has(event.id)) resolve(accepted(event, deliveries))
        else if (!event.alert && duplicateHash !== null && duplicateHash !== event.bodyHash)
          reject(reused(event, duplicateOf))
        else
          resolve({
            id: duplicateOf ?? event.id,
            type: event.type,
            status: 'duplicate',
            duplicateOf: duplicateOf ?? event.id,
            deliveries: [],
          })
      }
      return
    }
  }

  async function openAlerts(batch: readonly Incoming[]): Promise<void> {
    const wanted = new Map<Address, { key: string; team: string; fingerprint: string }>()
    for (const { team, event } of batch) {
      if (!event.alert) continue
      const key = alertKey(team, event.alert.fingerprint)
      wanted.set(`alert/${key}`, { key, team, fingerprint: event.alert.fingerprint })
    }
    await runtime.spawnAll(
      'alert',
      [...wanted.values()].map(({ key, team, fingerprint }) => ({ key, team, input: { fingerprint } })),
    )
  }

  async function enqueue(by: Principal, input: NewEventInput, depth: number): Promise<Ingested> {
    const event = parse(input)
    return new Promise((resolve, reject) => {
      queue.push({ team: by.team, event, depth, resolve, reject })
      if (!busy) void flush()
    })
  }

  async function routeAll(): Promise<void> {
    for (;;) {
      const emitted = await listAccepted(sql, PER_COMMIT)
      if (emitted.length === 0) return
      const events = emitted.map((event) => ({
        ...event,
        depth: event.causationid === null ? 0 : event.causeDepth + 1,
      }))
      await routeAgain(events, (event) => event.id)
    }
  }

  /** Routes events of the log by the rules of now. What actors tell about themselves needs no listener. */
  async function routeAgain(
    events: readonly StoredEvent[],
    keyOf: (event: StoredEvent) => string,
  ): Promise<DeliveryRow[]> {
    for (let book = await rules.current(); ; book = await rules.reload()) {
      const routed = events.map((event) => book.decide(event))
      const deliveries = events.flatMap((event, index) => toAgents(event, routed[index]!, keyOf(event)))
      const marks = events.map((event, index) => ({
        id: event.id,
        depth: event.depth,
        from: event.status,
        status:
          event.status === 'accepted' || routed[index]!.some((one) => one.address) ? ('routed' as const) : event.status,
      }))
      if (!(await markRouted(sql, marks, deliveries, book.revision))) continue
      runtime.nudge([...new Set(deliveries.map((one) => one.address))])
      return deliveries
    }
  }

  async function existing(by: Principal, id: string): Promise<StoredEvent> {
    const event = await findEvent(sql, by.team, id)
    if (!event) throw new AppError('event.not_found', `There is no event ${id}`, { details: { id } })
    return event
  }

  return {
    ingest: (by, events) => Promise.all(events.map((event) => enqueue(by, event, 0))),
    ingestCaused: (by, event, cause) =>
      Promise.all([enqueue(by, { ...event, causationid: cause.id }, cause.depth + 1)]),

    async list(by, { limit = PAGE, after, ...filter }) {
      const rows = await listEvents(sql, by.team, {
        ...filter,
        limit,
        ...(after === undefined ? {} : { before: after }),
      })
      return { items: rows.map(toView), next: rows.length < limit ? null : (rows.at(-1)?.id ?? null) }
    },

    async get(by, id) {
      const event = await existing(by, id)
      const [deliveries, runs] = await Promise.all([
        listDeliveries(sql, id),
        listRuns(sql, by.team, { event: id, limit: 100 }),
      ])
      return { event: toView(event), deliveries, runs: runs.map(runView) }
    },

    async replay(by, id) {
      const event = await existing(by, id)
      const again = `${id}:${newId()}`
      const deliveries = await routeAgain([event], () => again)
      log.info({ event: id, by: by.name, deliveries: deliveries.length }, 'event replayed')
      return {
        id,
        type: event.type,
        status: deliveries.length > 0 ? 'routed' : 'unhandled',
        deliveries: deliveries.map(toDelivery),
      }
    },

    async dryRun(by, input) {
      const event = toRow(by.team, parse(input), newId(), 0)
      const book = await rules.reload()
      return book.explain(toTeamEvent(event)).map((one) => ({
        agent: one.agent,
        version: one.version,
        trigger: one.name,
        outcome: one.outcome,
        reason: one.reason,
        priority: one.priority,
        device: one.device,
        addresses: one.address === null ? [] : [one.address],
      }))
    },

    types: (by) => listTypes(sql, by.team),

    async stats(by) {
      const counts = new Map((await countEvents(sql, by.team)).map((row) => [row.status, row.count]))
      const of = (status: string): number => counts.get(status) ?? 0
      const [routed, unhandled, waiting] = [of('routed'), of('unhandled'), of('accepted')]
      return { total: routed + unhandled + waiting, routed, unhandled, accepted: waiting }
    },

    routeEmitted() {
      routing ??= routeAll().finally(() => (routing = undefined))
      return routing
    },
  }
}

function parse(input: NewEventInput): NewEvent {
  const parsed = NewEvent.safeParse(input)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new AppError('event.invalid', `${issue?.path.join('.') || 'event'}: ${issue?.message ?? 'not an event'}`)
}

function toRow(team: string, event: NewEvent, id: string, depth: number): EventRow {
  const data = toJson(event.data)
  return {
    id,
    team,
    source: event.source,
    sourceId: event.id ?? (event.alert ? null : id),
    bodyHash: createHash('sha256')
      .update(canonicalJson([event.type, event.subject ?? null, data]))
      .digest('hex'),
    type: event.type,
    subject: event.subject ?? null,
    time: event.time ?? new Date().toISOString(),
    data,
    severity: event.severity ?? null,
    priority: event.priority ?? (event.severity ? SEVERITY_PRIORITY[event.severity] : 50),
    correlationid: event.correlationid ?? null,
    causationid: event.causationid ?? null,
    depth,
    status: 'unhandled',
    alert: event.alert ? { ...event.alert, startsAt: event.alert.startsAt ?? null } : null,
  }
}

function toTeamEvent(event: EventRow): TeamEvent {
  return { ...event, receivedAt: new Date().toISOString() }
}

/** What the alert's own actor is told, whoever else listens. */
function toAlert(event: EventRow): DeliveryRow[] {
  if (!event.alert) return []
  const { fingerprint, kind, status, startsAt } = event.alert
  const message: MachineEvent =
    status === 'firing'
      ? {
          type: 'FIRING',
          eventId: event.id,
          startsAt: startsAt ?? event.time,
          kind,
          severity: event.severity ?? 'warning',
          subject: event.subject,
        }
      : { type: 'RESOLVED', eventId: event.id, endsAt: event.time, ...(startsAt === null ? {} : { startsAt }) }
  const address = `alert/${alertKey(event.team, fingerprint)}`
  return [
    {
      eventId: event.id,
      address,
      messageId: event.id,
      agent: null,
      version: null,
      trigger: null,
      priority: event.priority,
      lane: 1,
      event: message,
    },
  ]
}

/** `key` names this routing of the event: a replay is a delivery of its own. */
function toAgents(
  event: Pick<StoredEvent, 'id' | 'type' | 'subject'>,
  routed: readonly Routed[],
  key: string,
): DeliveryRow[] {
  return routed.flatMap((one) => {
    if (one.address === null) return []
    const { agent, version, name: trigger, priority, device, lock, address } = one
    const task = {
      eventId: event.id,
      eventType: event.type,
      subject: event.subject,
      priority,
      device,
      with: one.with,
      trigger,
    }
    return [
      {
        eventId: event.id,
        address,
        messageId: key,
        agent,
        version,
        trigger,
        priority,
        lane: laneOf(priority),
        event: { type: 'TRIGGER', task, lock },
      },
    ]
  })
}

/** Of what waits for an agent, the most urgent goes first, behind everything that is no task. */
function laneOf(priority: number): number {
  return 102 - priority
}

function accepted(event: EventRow, deliveries: readonly DeliveryRow[]): Ingested {
  const own = deliveries.filter((one) => one.eventId === event.id)
  return { id: event.id, type: event.type, status: event.status, deliveries: own.map(toDelivery) }
}

function toDelivery({ address, agent, trigger, priority }: DeliveryRow): Ingested['deliveries'][number] {
  return { address, agent, trigger, priority }
}

function reused(event: EventRow, first: string | null): AppError {
  return new AppError(
    'event.id_reused',
    `Event id "${event.sourceId}" of ${event.source} was used before with other content`,
    {
      details: { id: event.sourceId, first },
    },
  )
}

/** Senders' fingerprints may hold anything; those that cannot be a key are hashed. */
export function alertKey(team: string, fingerprint: string): string {
  const key = teamKey(team, fingerprint)
  return /^[A-Za-z0-9][A-Za-z0-9._:@~+=-]{0,199}$/.test(key)
    ? key
    : teamKey(team, createHash('sha256').update(fingerprint).digest('hex'))
}

function toView({ team: _team, cursor: _cursor, ...event }: StoredEvent): LoggedEvent {
  return event
}
