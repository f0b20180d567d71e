import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { installAudit, restoreRemoved } from './audit.ts'
import { checkAll } from './checks/all.ts'
import { checkProcesses } from './checks/processes.ts'
import { groupBy, type Violation } from './checks/violation.ts'
import { type Cluster, createCluster, type Death } from './cluster.ts'
import { createDatabase, type Database } from './database.ts'
import { mountDisk } from './disk.ts'
import { type Facts, type Jump, readFacts, readLeftovers } from './facts.ts'
import { createFollower, type Follower } from './follower.ts'
import { createGateway } from './gateway.ts'
import { createLockWork } from './lock-work.ts'
import { type Fault, type NemesisReport, type Scene, unleash } from './nemesis.ts'
import { createOperations, type Operation } from './operations.ts'
import { createRandom } from './random.ts'
import { measureRecovery, type Recovery } from './recovery.ts'
import { createRedisServer } from './redis-server.ts'
import { createWork, type Scripted, type WorkSize } from './work.ts'

export interface RunOptions {
  seed: number
  backend: 'redis' | 'postgres'
  /** How long the nemesis strikes, in milliseconds. */
  forMs: number
  faults: readonly Fault[]
  size: WorkSize
  workers: number
  lockClients: number
  spanMs: number
  /** How long everything may take to come to rest once the faults are over, in milliseconds. */
  restMs: number
  /** How long a client asks again before it gives up. */
  patienceMs: number
  /** What is older than this is removed while the nemesis strikes. Nobody sends an id again that is as old. */
  keptMs: number
  /** In place of random work: just this, to its end. */
  script?: readonly Scripted[]
  /** What is done to the database before the work begins. */
  sql?: string
  tell(line: string): void
  /** Keeps the folder with ledgers and the database's log. */
  keep?: boolean
}

export interface RunReport {
  seed: number
  backend: string
  durationMs: number
  operations: { total: number; ok: number; refused: number; unknown: number; retried: number }
  /** Why operations were refused, and how often: what a client was told. */
  refusals: Record<string, number>
  applied: number
  actors: number
  replayed: number
  /** What was removed for its age meanwhile: entries, actors that had ended, and the histories that lost some. */
  retention: { entries: number; actors: number; histories: number }
  faults: NemesisReport & { kinds: number }
  processes: { killed: number; ended: number; frozen: number }
  recovery: Recovery
  /** What must be seen, or the run has not tested it. */
  sometimes: Record<string, number>
  violations: Violation[]
  /** False when the run proves nothing: too few operations came through. */
  valid: boolean
}

/** A run with everything that is known of it. */
export interface Outcome {
  report: RunReport
  facts: Facts
  operations: readonly Operation[]
  deaths: readonly Death[]
}

/** One whole run: a cluster, work, a nemesis, rest, and the questions. */
export async function run(options: RunOptions): Promise<RunReport> {
  return (await runAll(options)).report
}

export async function runAll(options: RunOptions): Promise<Outcome> {
  const { seed, backend, tell } = options
  const startedAt = performance.now()
  const folder = await mkdtemp(join(tmpdir(), 'troupe-chaos-'))
  const stops: (() => Promise<unknown>)[] = [
    () => (options.keep ? Promise.resolve() : rm(folder, { recursive: true, force: true })),
  ]
  try {
    const random = createRandom(seed)
    const ledgers = join(folder, 'ledgers')
    await mkdir(ledgers)
    if (options.keep) tell(`ledgers and logs: ${folder}`)
    const disk = await mountDisk(join(folder, 'disk'), DISK_MB)
    if (disk) stops.unshift(() => disk.unmount())
    const database = await createDatabase(join(disk?.folder ?? folder, 'data'))
    stops.unshift(() => database.stop())
    const redis = backend === 'redis' ? await createRedisServer(folder) : undefined
    if (redis) stops.unshift(() => redis.stop())
    const gateway = await createGateway(join(ledgers, 'gateway.jsonl'))
    stops.unshift(() => gateway.stop())
    const cluster = await createCluster({ folder, database, redis, gateway, random, workers: options.workers })
    stops.unshift(() => cluster.stop())

    // The first node alone: it brings the schema, on which the audit stands.
    const [first] = cluster.seats
    if (first) await cluster.fill(first)
    await installAudit(database)
    if (options.sql !== undefined) await database.ask(options.sql)
    const follower = await createFollower(database.url, redis && `redis://127.0.0.1:${redis.port}`)
    stops.unshift(() => follower.stop())
    await cluster.heal()
    tell(`${cluster.seats.length} processes on ${backend}, seed ${seed}`)

    const operations = createOperations(cluster, join(folder, 'operations.jsonl'), options.patienceMs)
    const work = createWork(operations, options.size, options.keptMs, random.fork('work'))
    const locks = createLockWork(
      operations,
      { pools: 2, clients: options.lockClients, gateway: gateway.url },
      random.fork('locks'),
    )
    await work.prepare(gateway.url)
    await locks.prepare(gateway.url)
    const broken: Violation[] = []
    const jumps: Jump[] = []
    const scene: Scene = {
      broken: (violation) => broken.push(violation),
      jumped: (jump) => jumps.push(jump),
      cluster,
      database,
      redis,
      gateway,
      work,
      random: random.fork('nemesis'),
      spanMs: options.spanMs,
      folder,
      disk,
    }
    const ending = new AbortController()
    const { script } = options
    const repeated = script && work.repeat(script, ending.signal)
    const working = Promise.all([repeated ?? work.run(ending.signal), locks.run(ending.signal)])
    working.catch((error: unknown) => tell(`the work broke off: ${String(error)}`))
    const housekeeping = keepHouse(cluster, options.keptMs, ending.signal)
    const faults = await unleash(scene, options.faults, performance.now() + options.forMs, tell)
    await cluster.heal()
    ending.abort()
    await working
    await housekeeping
    const restless = await comeToRest(database, cluster, options.restMs)
    if (restless !== undefined) tell(`does not come to rest: ${restless}`)
    tell('at rest; replaying')
    const addresses = (await database.ask<{ address: string }>('select address from actors')).map((row) => row.address)
    const unequal = await follower.replayAll(addresses)
    const entries = await database.ask<{ n: number }>('select count(*)::int as n from history')
    await caughtUp(follower, entries[0]?.n ?? 0)
    const found = await readFacts(database, {
      operations: operations.all,
      lockCalls: locks.calls,
      ledgers,
      unequal,
      followed: follower.seen,
      jumps,
    })
    // The other proof: what was removed, put back, leads to the same.
    await restoreRemoved(database)
    const cut = new Set(found.history.filter(({ removed }) => removed).map(({ address }) => address))
    const unequalWhole = (await follower.replayAll([...cut])).map((address) => `${address}, from its birth on`)
    const facts: Facts = { ...found, unequal: [...unequal, ...unequalWhole] }
    // A pool, a listener and the queues' own, for each node.
    const violations = [
      ...broken,
      ...checkProcesses(cluster.deaths),
      ...checkAll(facts, { connections: cluster.seats.length * 20 }),
    ]
    const alone = (at: number): boolean =>
      faults.struck.every(({ id, from, to }) => at < from || at > to + 1_000 || QUIET.has(id))
    const report: RunReport = {
      seed,
      backend,
      durationMs: Math.round(performance.now() - startedAt),
      ...countsOf(facts),
      replayed: addresses.length,
      retention: {
        entries: facts.history.filter(({ removed }) => removed).length,
        actors: [...facts.actors.values()].filter(({ removed }) => removed).length,
        histories: cut.size,
      },
      faults: { ...faults, kinds: new Set(faults.struck.map(({ id }) => id)).size },
      processes: {
        killed: cluster.deaths.filter(({ how }) => how === 'SIGKILL').length,
        ended: cluster.deaths.filter(({ how }) => how !== 'SIGKILL').length,
        frozen: cluster.freezes.length,
      },
      recovery: measureRecovery(facts, cluster.deaths, alone),
      violations,
      valid: operations.all.filter(({ outcome }) => outcome !== 'unknown').length >= operations.all.length * 0.95,
    }
    return { report, facts, operations: operations.all, deaths: cluster.deaths }
  } finally {
    for (const stop of stops) await stop().catch((error: unknown) => tell(`left behind: ${String(error)}`))
  }
}

/** Small enough to be filled within seconds. */
const DISK_MB = 1_500

/** Faults that kill one process and disturb nothing else: recovery is measured on them. */
const QUIET = new Set(['P1', 'P2', 'P3', 'P4', 'P5', 'P8'])

/** What is due later than this is not waited for. */
const SOON_MS = 6_000

/** Nothing waits, nothing is due, nothing runs, and no lease stands; or patience has an end, and the checks say what is left. */
export async function comeToRest(database: Database, cluster: Cluster, restMs: number): Promise<string | undefined> {
  const until = performance.now() + restMs
  let quiet = 0
  let left = ''
  for (let round = 0; performance.now() < until && quiet < 3; round++) {
    if (round % 4 === 0) await cluster.ask({ do: 'attend' }).catch(() => undefined)
    const { mail, timers, invocations, leases } = await readLeftovers(database)
    const runs = await database.ask<{ address: string }>(
      `select address || ' ' || (value::text) as address from actors where kind in ('run', 'kid') and status = 'active'`,
    )
    const soon = timers.filter(({ overdueMs }) => overdueMs > -SOON_MS)
    const busy = mail.length + soon.length + invocations.length + leases.length + runs.length
    quiet = busy === 0 ? quiet + 1 : 0
    left = JSON.stringify({ mail, soon, invocations, leases, runs }).slice(0, 2_000)
    await pause(500)
  }
  return quiet < 3 ? left : undefined
}

const HOUSEKEEPING_MS = 5_000
/** A pass over thousands of histories takes as long; it must have ended before its removals are taken back. */
const HOUSEKEPT_MS = 180_000

/** Some worker removes what is old, again and again, whatever else is going on. */
async function keepHouse(cluster: Cluster, keptMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pause(HOUSEKEEPING_MS, undefined, { signal }).catch(() => undefined)
    const [on] = cluster.workers().filter(({ node }) => node?.alive() && !node.frozen)
    if (!on) continue
    // It may die on the way: the next one goes on.
    await cluster.ask({ do: 'retain', ageMs: keptMs }, { on, timeoutMs: HOUSEKEPT_MS }).catch(() => undefined)
  }
}

/** Readers come to the end of the log, too; what they missed by then, they missed. */
export async function caughtUp(follower: Follower, entries: number): Promise<void> {
  const until = performance.now() + 20_000
  while (follower.seen.length < entries && performance.now() < until) await pause(100)
}

function countsOf(facts: Facts): Pick<RunReport, 'operations' | 'refusals' | 'applied' | 'actors' | 'sometimes'> {
  const { operations, executed, history } = facts
  const count = (wanted: (typeof operations)[number]['outcome']): number =>
    operations.filter(({ outcome }) => outcome === wanted).length
  const claims = executed.flatMap((one) => (one.kind === 'begin' ? [one] : []))
  return {
    operations: {
      total: operations.length,
      ok: count('ok'),
      refused: count('refused'),
      unknown: count('unknown'),
      retried: operations.filter(({ tries }) => tries > 1).length,
    },
    refusals: Object.fromEntries(
      [...groupBy(operations, ({ outcome, code }) => (outcome === 'refused' ? (code ?? 'none') : ''))]
        .filter(([code]) => code !== '')
        .map(([code, list]) => [code, list.length]),
    ),
    applied: history.length,
    actors: facts.actors.size,
    sometimes: {
      'a stale token was refused': executed.filter(({ kind }) => kind === 'refused').length,
      'a duplicate was answered': operations.filter(
        ({ value }) => typeof value === 'object' && value !== null && 'duplicate' in value && value.duplicate === true,
      ).length,
      'an operation was asked again': operations.filter(({ tries }) => tries > 1).length,
      'work was taken over': claims.filter(({ attempts }) => attempts > 1).length,
      'a forged event was refused': operations.filter(
        ({ id, outcome }) => id.startsWith('forged:') && outcome === 'refused',
      ).length,
      'poison was laid aside': facts.letters.length,
      'a timer fired': history.filter(({ messageId }) => messageId.startsWith('timer:')).length,
      'a device changed hands': facts.leases.filter(({ op }) => op === 'ended').length,
    },
  }
}
