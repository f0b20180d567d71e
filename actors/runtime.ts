import { randomUUID } from 'node:crypto'
import { monotonicFactory } from 'ulid'
import type { AnyStateMachine } from 'xstate'
import { address as toAddress, parseAddress, type Address } from '../core/address.ts'
import type { StoredSnapshot } from '../core/effect.ts'
import { AppError } from '../core/errors.ts'
import { toJson, type Json } from '../core/json.ts'
import { createLog, type Log } from '../core/log.ts'
import type { Lane, MachineEvent } from '../core/message.ts'
import { findActor, findActors, unparkActors, type ActorRow } from '../db/actors.ts'
import { connect, type Sql } from '../db/client.ts'
import { startEmbeddedPostgres } from '../db/embedded.ts'
import { listHistory, readHistoryAfter, type HistoryEntry } from '../db/history.ts'
import { listInvocations } from '../db/invocations.ts'
import { isSettled, listMail } from '../db/mailbox.ts'
import { migrate } from '../db/migrate.ts'
import { installationId } from '../db/notify.ts'
import { listTimers } from '../db/timers.ts'
import type { Projection } from '../db/turns.ts'
import { hostMachines, type HostedMachine } from '../machines/host.ts'
import { nextEvents } from '../machines/inspect.ts'
import { createPostgresCarrier, createRedisCarrier, type Carrier, type Listener, type Notice } from './carrier.ts'
import { createInvocations, type ActionHandler } from './invocations.ts'
import { createLive, tail } from './live.ts'
import { emptyDraft, planBirth, type PlanContext } from './plan.ts'
import { createQueues, migrateQueues } from './queues.ts'
import { replay, type Replay } from './replay.ts'
import { createSender, type Accepted } from './sender.ts'
import { createSweeper } from './sweeper.ts'
import { createTimers } from './timers.ts'
import { createTurns, type Committed } from './turn.ts'
import { waitingFor } from './waiting.ts'

export type Role = 'api' | 'worker'

export interface RuntimeOptions {
  /** Absent: an embedded Postgres in `dataDir`. */
  databaseUrl?: string
  /** Absent: BullMQ on its PostgreSQL backend, live over LISTEN/NOTIFY. */
  redisUrl?: string
  /** Default `.troupe`. */
  dataDir?: string
  /** kind → XState v5 machine, unchanged. */
  machines: Readonly<Record<string, AnyStateMachine>>
  /** Default both. An `api` process accepts and reads; a `worker` also gives turns and runs invocations. */
  roles?: readonly Role[]
  /** What custom actions of the machines do, by name. */
  handlers?: Readonly<Record<string, ActionHandler>>
  /** Kinds whose events carry `at`, the database's time in milliseconds, before their machine sees them. */
  stamped?: readonly string[]
  /** Event types by kind that overtake everything else in a mailbox. */
  controls?: Readonly<Record<string, readonly string[]>>
  /** Tables kept in step with actors, in the same commit. */
  projections?: readonly Projection[]
  /** Called on workers after a commit that emitted events to the log, and by the sweeper. */
  onEmitted?: () => Promise<void>
  /** Called when another process says that routing rules changed, or such news may have been lost. */
  onRules?: () => void
  /** How long a killed worker's invocations stay its own, in milliseconds. Default 5,000. */
  leaseMs?: number
  log?: Log
}

/** What people see of an actor. */
export interface ActorSnapshot {
  address: Address
  status: ActorRow['status']
  value: Json
  context: Json
  tags: string[]
  output?: Json
  error?: Json
  revision: number
  machine: { kind: string; hash: string; version: string }
  parent: Address | null
  team: string
  waitingFor: string
  nextEvents: string[]
  updatedAt: Date
}

export interface SpawnOptions {
  key: string
  input?: Json
  team?: string
  sender?: string
  cause?: string
}

export interface SendOptions {
  /** The dedupe key: the same id is applied to this actor once, for ever. Absent: a new one. */
  id?: string
  lane?: Lane
  sender?: string
  cause?: string
}

export interface Page {
  after?: number
  signal?: AbortSignal
}

export interface Runtime {
  start(): Promise<void>
  /** Finishes what is in flight and closes everything; gives claims back, so that others go on at once. */
  stop(): Promise<void>
  /** Makes the actor `kind/key`, or finds it: the same key is the same actor. */
  spawn(kind: string, options: SpawnOptions): Promise<Address>
  /** Many of one kind in one commit; those that are there already stay as they are. */
  spawnAll(kind: string, options: readonly SpawnOptions[]): Promise<Address[]>
  send(address: Address, event: MachineEvent, options?: SendOptions): Promise<Accepted>
  /** Resolves when no mail waits for the actor; rejects with `actor.timeout`. Default 30,000 ms. */
  settled(address: Address, options?: { timeoutMs?: number }): Promise<void>
  snapshot(address: Address): Promise<ActorSnapshot>
  history(address: Address, page?: Page): AsyncIterable<HistoryEntry>
  follow(address: Address, page?: Page): AsyncIterable<HistoryEntry>
  /** Every actor's history in the order of commits, live, from a cursor: without gaps or doubles. */
  followAll(options: { cursor: string; signal?: AbortSignal }): AsyncIterable<HistoryEntry>
  replay(address: Address, upTo?: number): Promise<Replay>
  /** There is mail that something else than `send` put there. */
  nudge(addresses: readonly Address[]): void
  /** Tells all processes that routing rules changed. */
  announceRules(): void
  readonly sql: Sql
  readonly hosted: ReadonlyMap<string, HostedMachine>
  readonly databaseUrl: string
  health(): Promise<{ postgres: boolean; queue: boolean; backend: 'postgres' | 'redis' }>
}

/**
 * Opens a durable host for XState machines. Refuses, by name, machines that cannot be made durable
 * (`machine.unsupported_logic`). Nothing runs before `start`.
 */
export async function createRuntime(options: RuntimeOptions): Promise<Runtime> {
  const log = options.log ?? createLog('warn')
  const hosted = hostMachines(options.machines, options.stamped ? { stamped: options.stamped } : {})
  const embedded = options.databaseUrl === undefined ? await startEmbeddedPostgres({ dataDir: options.dataDir ?? '.troupe', log }) : undefined
  const databaseUrl = options.databaseUrl ?? embedded?.url ?? ''
  try {
    await migrate(databaseUrl)
    if (options.redisUrl === undefined) await migrateQueues(databaseUrl)
    return await assemble(options, { log, hosted, databaseUrl, stopDatabase: async () => embedded?.stop() })
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

interface Ground {
  log: Log
  hosted: Map<string, HostedMachine>
  databaseUrl: string
  stopDatabase(): Promise<void>
}

async function assemble(options: RuntimeOptions, { log, hosted, databaseUrl, stopDatabase }: Ground): Promise<Runtime> {
  const roles = options.roles ?? ['api', 'worker']
  const isWorker = roles.includes('worker')
  const sql = connect(databaseUrl)
  const newId = monotonicFactory()
  const installation = await installationId(sql)
  const queues = createQueues({ databaseUrl, redisUrl: options.redisUrl, installation, log })
  const live = createLive()
  const controls = new Map(Object.entries(options.controls ?? {}).map(([kind, types]) => [kind, new Set(types)]))
  const context: PlanContext = {
    hosted,
    newId: () => newId(),
    laneOf: (kind, eventType) => (controls.get(kind)?.has(eventType) ? 0 : 1),
  }

  /** New mail: this worker goes on at once; without one here, BullMQ brings it to a worker. */
  const carryMail = (addresses: readonly Address[]): void => queues.carry('mailbox', addresses)
  const emitted = (): void => {
    void options.onEmitted?.().catch((error: unknown) => log.warn({ error }, 'emitted events are not routed yet'))
  }

  const turns = createTurns({ sql, context, projections: options.projections ?? [], log, onCommitted })
  const invocations = createInvocations({
    sql,
    worker: `${process.pid}.${randomUUID().slice(0, 8)}`,
    hosted,
    handlers: options.handlers ?? {},
    leaseMs: options.leaseMs ?? 5_000,
    log,
    onOutcome: (address) => turns.nudge([address]),
  })
  const timers = createTimers({ sql, log, onDue: (addresses) => turns.nudge(addresses), onMail: (addresses) => turns.nudge(addresses) })
  const sweeper = createSweeper({
    sql,
    log,
    everyMs: 1_000,
    onNeglected: (addresses) => turns.nudge(addresses),
    extra: [() => timers.look(), () => invocations.start(), async () => options.onEmitted?.()],
  })
  const sender = createSender(sql, carryMail)
  let carrier: Carrier | undefined

  function onCommitted(committed: Committed): void {
    if (committed.addresses.length > 0) {
      live.moved(committed.addresses)
      carrier?.publish({ moved: committed.addresses, ...(committed.withdrawn.length > 0 ? { withdrawn: committed.withdrawn } : {}) })
    }
    invocations.withdraw(committed.withdrawn)
    if (committed.mailFor.length > 0) {
      if (isWorker) turns.nudge(committed.mailFor)
      else carryMail(committed.mailFor)
    }
    if (committed.invocations.length > 0) queues.carry('invocations', committed.invocations)
    if (committed.timersIn !== undefined && isWorker) timers.armed(committed.timersIn)
    if (committed.emitted) emitted()
  }

  const listener: Listener = {
    onNotice(notice: Notice) {
      if (notice.moved) live.moved(notice.moved)
      if (notice.withdrawn) invocations.withdraw(notice.withdrawn)
      if (notice.rules) options.onRules?.()
    },
    onGap() {
      live.movedAll()
      options.onRules?.()
    },
  }

  async function* pages(address: Address, after: number): AsyncGenerator<HistoryEntry> {
    for (let last = after; ; ) {
      const entries = await listHistory(sql, address, { after: last, limit: 500 })
      yield* entries
      if (entries.length < 500) return
      last = entries.at(-1)?.revision ?? last
    }
  }

  async function existing(address: Address): Promise<ActorRow> {
    const row = await findActor(sql, address)
    if (!row) throw new AppError('actor.not_found', `There is no actor ${address}`, { details: { address } })
    return row
  }

  async function spawnAll(kind: string, wanted: readonly SpawnOptions[]): Promise<Address[]> {
    if (!hosted.has(kind)) throw new AppError('machine.not_found', `No machine of kind "${kind}" is registered`, { details: { kind } })
    const addresses = wanted.map(({ key }) => toAddress(kind, key))
    const known = await findActors(sql, addresses)
    const draft = emptyDraft()
    for (const [index, { key, input, team, sender: by, cause }] of wanted.entries()) {
      const address = addresses[index] ?? ''
      if (known.has(address)) continue
      const identity = { address, kind, key, parent: null, childId: null, root: address, systemId: null, team: team ?? 'default' }
      planBirth(draft, identity, toJson(input), new Date(), { sender: by ?? null, cause: cause ?? null }, context)
    }
    if (draft.changes.length > 0) await turns.commit(draft)
    return addresses
  }

  return {
    sql,
    hosted,
    databaseUrl,

    async start() {
      carrier = options.redisUrl
        ? await createRedisCarrier(options.redisUrl, `troupe:${installation}`, listener, log)
        : await createPostgresCarrier(sql, listener, log)
      if (!isWorker) return
      for (const machine of hosted.values()) turns.nudge(await unparkActors(sql, machine.kind, machine.hash))
      queues.work({
        mailbox: (addresses) => turns.run(addresses),
        invocations: (effectIds) => invocations.start(effectIds),
      })
      sweeper.start()
    },

    async stop() {
      timers.stop()
      await sweeper.stop()
      await queues.stop()
      await invocations.stop()
      await turns.stop()
      await carrier?.stop()
      await sql.end({ timeout: 5 })
      await stopDatabase()
    },

    spawn: async (kind, one) => (await spawnAll(kind, [one]))[0] ?? '',
    spawnAll,

    send(address, event, { id, lane, sender: by, cause } = {}) {
      const { kind } = parseAddress(address)
      const clean = toJson(event) as MachineEvent
      return sender.send({
        id: id ?? newId(),
        to: address,
        event: clean,
        lane: lane ?? context.laneOf(kind, clean.type),
        sender: by ?? null,
        cause: cause ?? null,
      })
    },

    async settled(address, { timeoutMs = 30_000 } = {}) {
      await existing(address)
      const signal = AbortSignal.timeout(timeoutMs)
      for await (const done of tail(live, address, async () => ((await isSettled(sql, address)) ? [true] : []), signal)) {
        if (done) return
      }
      throw new AppError('actor.timeout', `${address} still has mail after ${timeoutMs} ms`, { details: { address, timeoutMs } })
    },

    async snapshot(address) {
      const row = await existing(address)
      return view(row, await facts(row))
    },

    history: (address, { after = 0 } = {}) => pages(address, after),

    async *follow(address, { after = 0, signal } = {}) {
      let last = after
      const read = async (): Promise<HistoryEntry[]> => {
        const entries = await listHistory(sql, address, { after: last, limit: 500 })
        last = entries.at(-1)?.revision ?? last
        return entries
      }
      yield* tail(live, address, read, signal)
    },

    async *followAll({ cursor, signal }) {
      let last = cursor
      const read = async (): Promise<HistoryEntry[]> => {
        const entries = await readHistoryAfter(sql, last, 500)
        last = entries.at(-1)?.cursor ?? last
        return entries
      }
      yield* tail(live, undefined, read, signal)
    },

    replay: (address, upTo) => replay(sql, hosted, address, upTo),
    nudge: (addresses) => {
      if (addresses.length > 0) carryMail(addresses)
    },
    announceRules: () => carrier?.publish({ rules: true }),

    async health() {
      const postgres = await sql`select 1`.then(
        () => true,
        () => false,
      )
      return { postgres, queue: await queues.healthy(), backend: options.redisUrl ? 'redis' : 'postgres' }
    },
  }

  async function facts(row: ActorRow) {
    const [mail, running, due] = await Promise.all([listMail(sql, row.address), listInvocations(sql, row.address), listTimers(sql, row.address)])
    const machine = hosted.get(row.kind)
    const next = machine && row.status === 'active' ? nextEvents(machine.inert, row.snapshot) : []
    const parked = row.parked && typeof row.parked === 'object' && 'message' in row.parked ? String(row.parked['message']) : undefined
    return {
      nextEvents: next,
      waitingFor: waitingFor(
        { status: row.status, parkedReason: parked, mail: mail.length, invocations: running.filter((one) => !one.finished), timers: due, nextEvents: next },
        new Date(),
      ),
    }
  }
}

function view(row: ActorRow, facts: { nextEvents: string[]; waitingFor: string }): ActorSnapshot {
  const snapshot: StoredSnapshot = row.snapshot
  return {
    address: row.address,
    status: row.status,
    value: snapshot.value,
    context: snapshot.context,
    tags: snapshot.tags,
    ...(snapshot.status === 'done' ? { output: snapshot.output } : {}),
    ...(snapshot.status === 'error' ? { error: snapshot.error } : {}),
    revision: row.revision,
    machine: { kind: row.kind, hash: row.machineHash, version: row.version },
    parent: row.parent,
    team: row.team,
    ...facts,
    updatedAt: row.updatedAt,
  }
}
