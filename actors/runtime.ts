import { randomUUID } from 'node:crypto'
import { monotonicFactory } from 'ulid'
import type { AnyStateMachine } from 'xstate'
import { type Address, parseAddress, address as toAddress } from '../core/address.ts'
import { AppError } from '../core/errors.ts'
import { toJson } from '../core/json.ts'
import { createLog, type Log } from '../core/log.ts'
import type { Lane, MachineEvent, Message } from '../core/message.ts'
import { type ActorRow, findActor, unparkActors } from '../db/actors.ts'
import { connect, databaseTime, type Sql } from '../db/client.ts'
import { startEmbeddedPostgres } from '../db/embedded.ts'
import { type HistoryEntry, readHistoryAfter, readOn } from '../db/history.ts'
import { isSettled } from '../db/mailbox.ts'
import { migrate } from '../db/migrate.ts'
import { installationId } from '../db/notify.ts'
import type { Projection } from '../db/turn-commit.ts'
import { type HostedMachine, hostMachines, type Migrate } from '../machines/host.ts'
import { createSpawnAll, type SpawnOptions } from './births.ts'
import { type Carrier, createPostgresCarrier, createRedisCarrier, type Listener, type Notice } from './carrier.ts'
import { createCheckpoints } from './checkpoints.ts'
import type { Committed } from './commit.ts'
import { type Compaction, compact } from './compaction.ts'
import type { Demand } from './demand.ts'
import { createFork, type Forked, type ForkOptions } from './fork.ts'
import { type ForkRules, hostSealed } from './fork-rules.ts'
import { type ActionHandler, createInvocations } from './invocations.ts'
import { createLive, tail } from './live.ts'
import { createQueues, migrateQueues } from './queues.ts'
import { createReceipts, type Receipt } from './receipts.ts'
import { type Replay, replay } from './replay.ts'
import { type Accepted, createSender, refusalOf } from './sender.ts'
import { createSweeper } from './sweeper.ts'
import { createTimers } from './timers.ts'
import { createTurn } from './turn.ts'
import { createTurns } from './turns.ts'
import { type ActorSnapshot, viewActor } from './view.ts'
import type { PlanContext } from './walker.ts'

export type { SpawnOptions } from './births.ts'
export type { Forked } from './fork.ts'
export type { ForkRules } from './fork-rules.ts'
export type { ActorSnapshot } from './view.ts'

export type Role = 'api' | 'worker'

export interface RuntimeOptions {
  /** Absent: an embedded Postgres in `dataDir`. */
  databaseUrl?: string
  /** PgBouncer in transaction mode in front of the same database: statements go there; migrations and listening do not. */
  databasePoolUrl?: string
  /** Absent: BullMQ on its PostgreSQL backend, live over LISTEN/NOTIFY. */
  redisUrl?: string
  /** Default `.troupe`. */
  dataDir?: string
  /** kind → XState v5 machine, unchanged. */
  machines: Readonly<Record<string, AnyStateMachine>>
  /** Default both. An `api` process accepts and reads; a `worker` also gives turns and runs invocations. */
  roles?: readonly Role[]
  /** What makes actors of earlier versions of a kind's machine into ones of the present version. */
  migrations?: Readonly<Record<string, Migrate>>
  /** What custom actions of the machines do, by name. */
  handlers?: Readonly<Record<string, ActionHandler>>
  /** Kinds whose events carry `at`, the database's time in milliseconds, before their machine sees them. */
  stamped?: readonly string[]
  /** Event types by kind that overtake everything else in a mailbox. */
  controls?: Readonly<Record<string, readonly string[]>>
  /** What may be forked, by kind; whatever is not named may be forked freely. */
  forks?: ForkRules
  /** Tables kept in step with actors, in the same commit. */
  projections?: readonly Projection[]
  /** Called on workers after a commit that emitted events to the log, and by the sweeper. */
  onEmitted?: () => Promise<void>
  /** How long a killed worker's invocations stay its own, in milliseconds. Default 5,000. */
  leaseMs?: number
  /**
   * Tries of an invocation that may be cut off by the end of their worker (killed, out of memory, frozen for longer than its
   * lease); after the last one it fails to its actor with `invocation.interrupted`. A stop that was asked for does not
   * count. Default 3.
   */
  maxInterruptions?: number
  /** Messages that may wait for one actor; more are refused with `actor.mailbox_full`, controls excepted. Default 10,000. */
  mailboxLimit?: number
  log?: Log
}

export interface SendOptions {
  /** The dedupe key: the same id is applied to this actor once, for ever. Absent: a new one. */
  id?: string
  lane?: Lane
  sender?: string
  cause?: string
  /** What must hold for the message to be taken; else `send` rejects, and nothing of the message is kept. */
  demand?: Demand
}

/** What an actor made of a message; `duplicate`: of the first one with this id, perhaps long ago. */
export type Answer = Receipt & Accepted

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
  /**
   * Sends, and resolves with what the actor made of the message once that is committed. Rejects with `actor.timeout`
   * when no worker got to it in time: it is then still on its way. Default 30,000 ms.
   */
  ask(address: Address, event: MachineEvent, options?: SendOptions & { timeoutMs?: number }): Promise<Answer>
  /**
   * Resolves when no mail waits for the actor; rejects with `actor.timeout`, or with `actor.parked` when none will be
   * taken. Default 30,000 ms.
   */
  settled(address: Address, options?: { timeoutMs?: number }): Promise<void>
  snapshot(address: Address): Promise<ActorSnapshot>
  /** From after a revision on, or from where it begins. Throws `history.compacted` rather than leave any out. */
  history(address: Address, page?: Page): AsyncIterable<HistoryEntry>
  /** The same, live. */
  follow(address: Address, page?: Page): AsyncIterable<HistoryEntry>
  /** Every actor's history in the order of commits, live, from a cursor: without gaps or doubles. */
  followAll(options: { cursor: string; signal?: AbortSignal }): AsyncIterable<HistoryEntry>
  replay(address: Address, upTo?: number): Promise<Replay>
  /** Puts a snapshot in the place of an actor's history before a revision, if that is proven to lose nothing but the past. */
  compact(address: Address, first: number, pause?: () => Promise<unknown>): Promise<Compaction>
  /**
   * A new actor from what another one was at a revision, with its living children. Throws `actor.fork_refused` for kinds
   * that may not, `actor.exists`, `request.invalid` for a revision that is not there.
   */
  fork(address: Address, options: ForkOptions): Promise<Forked>
  /** Something that is followed under a name of its own (the event log) has grown: wakes its readers in every process. */
  announce(topic: string): void
  /** Reads on and on, woken by `announce`, or by every move of any actor (`undefined`); ends with the signal. `read` goes on from where it stopped. */
  tail<Item>(topic: string | undefined, read: () => Promise<Item[]>, signal: AbortSignal): AsyncIterable<Item>
  /** There is mail that something else than `send` put there. */
  nudge(addresses: readonly Address[]): void
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
  const hosted = hostMachines(options.machines, {
    ...(options.stamped ? { stamped: options.stamped } : {}),
    ...(options.migrations ? { migrations: options.migrations } : {}),
  })
  hostSealed(hosted, options.forks ?? {})
  const embedded =
    options.databaseUrl === undefined
      ? await startEmbeddedPostgres({ dataDir: options.dataDir ?? '.troupe', log })
      : undefined
  const databaseUrl = options.databaseUrl ?? embedded?.url ?? ''
  try {
    await migrate(databaseUrl, async () => {
      if (options.redisUrl === undefined) await migrateQueues(databaseUrl)
    })
    const installation = await installationOf(databaseUrl)
    return assemble(options, { log, hosted, databaseUrl, installation, stopDatabase: async () => embedded?.stop() })
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

/** What a runtime stands on. */
interface Ground {
  log: Log
  hosted: Map<string, HostedMachine>
  databaseUrl: string
  /** Keeps platforms that share one Redis apart. */
  installation: string
  stopDatabase(): Promise<void>
}

/** How long each part may take to end: together less than the ten seconds that a supervisor waits. */
const PATIENCE_MS = { carriers: 3_000, invocations: 3_000, turns: 2_000 }
/** Another build of this platform may still be running and know the state that this one does not. */
const PARKED_MS = 10_000

function assemble(options: RuntimeOptions, { log, hosted, databaseUrl, installation, stopDatabase }: Ground): Runtime {
  const isWorker = (options.roles ?? ['api', 'worker']).includes('worker')
  const kinds = [...hosted.keys()]
  const mailboxLimit = options.mailboxLimit ?? 10_000
  const sql = connect(databaseUrl, options.databasePoolUrl === undefined ? {} : { pooler: options.databasePoolUrl })
  const newId = monotonicFactory()
  const queues = createQueues({ databaseUrl, redisUrl: options.redisUrl, installation, log })
  const live = createLive()
  const checkpoints = createCheckpoints()
  const controls = new Map(Object.entries(options.controls ?? {}).map(([kind, types]) => [kind, new Set(types)]))
  const context: PlanContext = {
    hosted,
    newId: () => newId(),
    laneOf: (kind, eventType) => (controls.get(kind)?.has(eventType) ? 0 : 1),
  }

  /** A worker with room takes it at once; else BullMQ brings it to one that is free (docs/decisions/0015). */
  const carryMail = (addresses: readonly Address[]): void => {
    if (isWorker && started && turns.hasRoom()) turns.nudge(addresses)
    else queues.carry('mailbox', addresses)
  }
  const carryWork = (effectIds: readonly string[]): void => {
    if (!isWorker || !started || !invocations.hasRoom()) return queues.carry('invocations', effectIds)
    invocations.start(effectIds).catch((error: unknown) => log.debug({ error }, 'not begun, the sweeper repeats it'))
  }
  const emitted = (): void => {
    void options.onEmitted?.().catch((error: unknown) => log.warn({ error }, 'emitted events are not routed yet'))
  }

  const turn = createTurn({
    sql,
    context,
    projections: options.projections ?? [],
    log,
    book: (effectIds) => invocations.book(isWorker && started ? effectIds : []),
    onCommitted,
  })
  const turns = createTurns({ turn, mailboxLimit, append: (message, demand) => sender.append(message, demand), log })
  const invocations = createInvocations({
    sql,
    worker: `${process.pid}.${randomUUID().slice(0, 8)}`,
    hosted,
    handlers: options.handlers ?? {},
    leaseMs: options.leaseMs ?? 5_000,
    maxInterruptions: options.maxInterruptions ?? 3,
    log,
    newId: () => newId(),
    onOutcome: (address) => turns.nudge([address]),
    onEmitted: emitted,
  })
  const timers = createTimers({ sql, kinds, log, onDue: turns.nudge, onMail: turns.nudge })
  const sweeper = createSweeper({
    sql,
    kinds,
    log,
    everyMs: 1_000,
    onNeglected: turns.nudge,
    extra: [() => timers.look(), () => invocations.start(), () => unpark(PARKED_MS), async () => options.onEmitted?.()],
  })
  const sender = createSender({ sql, hosted, mailboxLimit, onMail: carryMail })
  const receipts = createReceipts(sql, live)
  const spawnAll = createSpawnAll({ sql, context, turn })
  let carrier: Carrier | undefined
  let started = false
  let stopped: Promise<void> | undefined

  function onCommitted(committed: Committed): void {
    receipts.committed(committed.applied)
    if (committed.addresses.length > 0) {
      live.moved(committed.addresses)
      carrier?.publish({
        moved: committed.addresses,
        ...(committed.withdrawn.length > 0 ? { withdrawn: committed.withdrawn } : {}),
      })
    }
    invocations.withdraw(committed.withdrawn)
    if (committed.mailFor.length > 0) {
      // A worker goes on at once.
      if (isWorker) turns.nudge(committed.mailFor)
      else carryMail(committed.mailFor)
    }
    if (committed.invocations.length > 0) carryWork(committed.invocations)
    if (isWorker) {
      timers.gone(committed.timersGone)
      timers.armed(committed.timers)
    }
    if (committed.emitted) emitted()
  }

  const listener: Listener = {
    onNotice(notice: Notice) {
      if (notice.moved) live.moved(notice.moved)
      if (notice.withdrawn) invocations.withdraw(notice.withdrawn)
    },
    onGap: live.movedAll,
  }

  async function unpark(parkedMs: number): Promise<void> {
    turns.nudge(await unparkActors(sql, [...hosted.values()], parkedMs))
  }

  /** Nothing begins any more, then what runs comes to its end, then what it needs is closed. */
  async function shutDown(): Promise<void> {
    await within(PATIENCE_MS.carriers, Promise.all([timers.stop(), sweeper.stop(), queues.stop()]))
    await within(PATIENCE_MS.invocations, invocations.stop())
    await within(PATIENCE_MS.turns, turns.stop())
    receipts.stop()
    live.close()
    await within(PATIENCE_MS.turns, Promise.resolve(carrier?.stop()))
    await sql.end({ timeout: 1 })
    await stopDatabase()
  }

  async function send(
    address: Address,
    event: MachineEvent,
    { id, lane, sender: by, cause, demand }: SendOptions = {},
    freshId: string = randomUUID(),
  ): Promise<Accepted> {
    const { kind } = parseAddress(address)
    // Callers without types may hand over anything; the sender judges it.
    const clean = toJson(event) as MachineEvent
    const message: Message = {
      id: id ?? freshId,
      to: address,
      event: clean,
      lane: lane ?? context.laneOf(kind, clean?.type),
      sender: by ?? null,
      cause: cause ?? null,
    }
    const refusal = refusalOf(message)
    if (refusal) throw refusal
    // A worker applies it without keeping it first: one commit instead of two (docs/decisions/0015).
    if (!isWorker || !started) return sender.append(message, demand)
    return turns.hand({ message, named: id !== undefined, ...(demand === undefined ? {} : { demand }) })
  }

  async function existing(address: Address): Promise<ActorRow> {
    const row = await findActor(sql, address)
    if (!row) throw new AppError('actor.not_found', `There is no actor ${address}`, { details: { address } })
    return row
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
      await unpark(0)
      queues.work({ mailbox: turns.run, invocations: invocations.start })
      sweeper.start()
      started = true
    },

    stop: () => (stopped ??= shutDown()),

    async spawn(kind, spawnOptions) {
      await spawnAll(kind, [spawnOptions])
      return toAddress(kind, spawnOptions.key)
    },

    spawnAll,

    send: (address, event, options) => send(address, event, options),

    async ask(address, event, { timeoutMs = 30_000, ...options } = {}) {
      const freshId = randomUUID()
      const id = options.id ?? freshId
      const expected = receipts.expect(address, id)
      try {
        const { duplicate } = await send(address, event, options, freshId)
        if (duplicate) expected.look()
        const receipt = await expected.within(timeoutMs)
        if (receipt) return { ...receipt, duplicate }
      } finally {
        expected.cancel()
      }
      throw new AppError(
        'actor.timeout',
        `${address} has not taken ${event.type} within ${timeoutMs} ms; it is still on its way`,
        { details: { address, message: id } },
      )
    },

    async settled(address, { timeoutMs = 30_000 } = {}) {
      await existing(address)
      const look = async (): Promise<string[]> => {
        if (await isSettled(sql, address)) return ['settled']
        return (await existing(address)).status === 'parked' ? ['parked'] : []
      }
      for await (const state of tail(live, address, look, AbortSignal.timeout(timeoutMs))) {
        if (state === 'settled') return
        throw new AppError('actor.parked', `${address} is parked: its mail waits`, { details: { address } })
      }
      throw new AppError('actor.timeout', `${address} still has mail after ${timeoutMs} ms`, {
        details: { address, timeoutMs },
      })
    },

    async snapshot(address) {
      const row = await existing(address)
      return viewActor(sql, row, hosted.get(row.kind))
    },

    async *history(address, { after = 0 } = {}) {
      for (let last = after; ; ) {
        const entries = await readOn(sql, address, { after: last, limit: PAGE })
        yield* entries
        if (entries.length < PAGE) return
        last = entries.at(-1)?.revision ?? last
      }
    },

    async *follow(address, { after = 0, signal } = {}) {
      let last = after
      const read = async (): Promise<HistoryEntry[]> => {
        const entries = await readOn(sql, address, { after: last, limit: PAGE })
        last = entries.at(-1)?.revision ?? last
        return entries
      }
      // What one actor did can be read once it is told.
      yield* tail(live, address, read, signal, { patient: false })
    },

    async *followAll({ cursor, signal }) {
      let last = cursor
      const read = async (): Promise<HistoryEntry[]> => {
        const entries = await readHistoryAfter(sql, last, PAGE)
        last = entries.at(-1)?.cursor ?? last
        return entries
      }
      yield* tail(live, undefined, read, signal)
    },

    announce(topic) {
      live.moved([topic])
      carrier?.publish({ moved: [topic] })
    },
    tail: (topic, read, signal) => tail(live, topic, read, signal),
    // All of it is a proof, so it begins where the history does.
    replay: (address, upTo = Infinity) =>
      replay(sql, hosted, address, upTo, upTo < Number.MAX_SAFE_INTEGER ? checkpoints : undefined),
    compact: (address, first, pause) => compact({ sql, hosted }, address, first, pause),
    fork: createFork({ sql, hosted, rules: options.forks ?? {}, turn }),
    nudge: (addresses) => {
      if (addresses.length > 0) carryMail(addresses)
    },

    async health() {
      const postgres = within(HEALTH_MS, databaseTime(sql))
      return {
        postgres: await postgres,
        queue: await queues.healthy(),
        backend: options.redisUrl ? 'redis' : 'postgres',
      }
    },
  }
}

const PAGE = 500
const HEALTH_MS = 2_000

/** True when the work was done in time; what is late or fails is left behind. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), ms)))
  const inTime = work.then(
    () => true,
    () => false,
  )
  return Promise.race([inTime, late]).finally(() => clearTimeout(timer))
}

async function installationOf(databaseUrl: string): Promise<string> {
  const sql = connect(databaseUrl, { max: 1 })
  try {
    return await installationId(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
