import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { installAudit } from '../audit.ts'
import { checkAll } from '../checks/all.ts'
import { checkProcesses } from '../checks/processes.ts'
import { checkRest } from '../checks/rest.ts'
import type { Violation } from '../checks/violation.ts'
import { type Cluster, createCluster } from '../cluster.ts'
import { createDatabase, type Database } from '../database.ts'
import { readFacts } from '../facts.ts'
import { createFollower, type Follower } from '../follower.ts'
import { createGateway } from '../gateway.ts'
import { createRandom, type Random } from '../random.ts'
import { createRedisServer } from '../redis-server.ts'
import { caughtUp, comeToRest } from '../run.ts'
import { createLives, type Life, type Lives, type Scenario } from './life.ts'
import { prepare, retention, SCENARIOS } from './scenarios.ts'
import { aimAt, type Point, STRIKES, type Strike } from './strike.ts'
import { tap } from './tap.ts'

export interface NthCallOptions {
  seed: number
  backend: 'redis' | 'postgres'
  /** So many points by chance; absent: every one. */
  sample?: number | undefined
  /** Names of scenarios that begin so; absent: all. */
  only?: readonly string[] | undefined
  strikes?: readonly Strike[] | undefined
  /** Of so many parts of the points, this one: several processes share a loop. */
  shard?: { part: number; of: number } | undefined
  /** After so long no more points are begun, and the report says how many were. */
  forMs?: number | undefined
  tell(line: string): void
}

export interface NthCallReport {
  seed: number
  backend: string
  durationMs: number
  /** Every call of every scenario with every strike. */
  points: number
  /** Those that were aimed at; fewer than `points` in a sample. */
  aimed: number
  /** Those whose call was made again in the life that was to be struck, and was struck. */
  struck: Record<Strike, number>
  /** Calls that another life did not make: chance, or a sweeper that came at another time. */
  unreached: string[]
  scenarios: { name: string; calls: number; aimed: number; struck: number; longestMs: number }[]
  violations: Violation[]
}

const LEASE_MS = 500
const REST_MS = 60_000
/** How long the processes are watched while nothing is asked of them. */
const IDLE_MS = 3_000

/** One loop over every call of every scenario: a life for each call and each strike, then the questions. */
export async function runNthCall(options: NthCallOptions): Promise<NthCallReport> {
  const { seed, backend, only } = options
  const startedAt = performance.now()
  const wanted = (all: readonly Scenario[]): Scenario[] =>
    all.filter(({ name }) => only === undefined || only.some((one) => name.startsWith(one)))
  const report: NthCallReport = {
    seed,
    backend,
    durationMs: 0,
    points: 0,
    aimed: 0,
    struck: { refuse: 0, cut: 0, kill: 0, freeze: 0 },
    unreached: [],
    scenarios: [],
    violations: [],
  }
  // What retention removes, no check of the others could find.
  for (const scenarios of [wanted(SCENARIOS), wanted([retention])])
    if (scenarios.length > 0) await onStage(options, scenarios, report)
  report.durationMs = Math.round(performance.now() - startedAt)
  return report
}

/** A cluster and a database of their own for these. */
async function onStage(options: NthCallOptions, scenarios: readonly Scenario[], report: NthCallReport): Promise<void> {
  const { seed, backend, tell } = options
  const folder = await mkdtemp(join(tmpdir(), 'troupe-chaos-'))
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    const random = createRandom(seed)
    const ledgers = join(folder, 'ledgers')
    await mkdir(ledgers)
    const database = await createDatabase(join(folder, 'data'))
    stops.unshift(() => database.stop())
    const redis = backend === 'redis' ? await createRedisServer(folder) : undefined
    if (redis) stops.unshift(() => redis.stop())
    const gateway = await createGateway(join(ledgers, 'gateway.jsonl'))
    stops.unshift(() => gateway.stop())
    const cluster = await createCluster({ folder, database, redis, gateway, random, workers: 2, leaseMs: LEASE_MS })
    stops.unshift(() => cluster.stop())
    // A deploy in the middle: workers have another build than those who take requests.
    for (const seat of cluster.workers()) seat.build = 2
    const [first] = cluster.seats
    if (first) await cluster.fill(first)
    await installAudit(database)
    const follower = await createFollower(database.url, redis && `redis://127.0.0.1:${redis.port}`)
    stops.unshift(() => follower.stop())
    await cluster.heal()
    const lives = createLives({
      cluster,
      database,
      gateway: gateway.url,
      file: join(folder, 'operations.jsonl'),
      unequal: (addresses) => follower.replayAll(addresses),
    })
    await prepare(lives.begin('prepare'))
    const stage: Stage = { options, cluster, lives, random, report, count: 0, struckBy: new Map() }
    await loop(stage, scenarios)
    await judge(stage, { database, follower, ledgers, lossy: scenarios.includes(retention) })
  } finally {
    for (const stop of stops) await stop().catch((error: unknown) => tell(`left behind: ${String(error)}`))
  }
}

interface Stage {
  options: NthCallOptions
  cluster: Cluster
  lives: Lives
  random: Random
  report: NthCallReport
  /** Lives so far. */
  count: number
  /** What befell a life, by its key. */
  struckBy: Map<string, string>
}

async function loop(stage: Stage, scenarios: readonly Scenario[]): Promise<void> {
  const { options, report, random } = stage
  const { tell, strikes = STRIKES } = options
  const idle = await watch(stage.cluster, () => pause(IDLE_MS))
  const points: { scenario: Scenario; point: Point }[] = []
  for (const scenario of scenarios) {
    // The first one warms up: what a process does once is not done again.
    await live(stage, scenario)
    const calls = await watch(stage.cluster, () => live(stage, scenario))
    const all = [...calls].flatMap(([id, { store, label, times }]) =>
      // What goes on without any work is struck once, while there is some.
      Array.from({ length: idle.has(id) ? 1 : times }, (_, place) => ({ store, label, nth: place + 1 })),
    )
    report.scenarios.push({ name: scenario.name, calls: all.length, aimed: 0, struck: 0, longestMs: 0 })
    for (const call of all)
      for (const strike of strikes) points.push({ scenario, point: { scenario: scenario.name, strike, ...call } })
    tell(`${scenario.name}: ${all.length} calls`)
  }
  report.points += points.length
  const { sample = Infinity, shard = { part: 1, of: 1 }, forMs = Infinity } = options
  // In an order by chance, so that whatever is cut short is a fair sample.
  const mine = random.shuffle(points).filter(({ point }) => shardOf(point, shard.of) === shard.part)
  const chosen = mine.slice(0, sample)
  tell(`${chosen.length} of ${points.length} points`)
  const startedAt = performance.now()
  let done = 0
  for (const { scenario, point } of chosen) {
    if (performance.now() - startedAt > forMs) break
    await strikeAt(stage, scenario, point)
    done += 1
    if (done % 50 === 0) tell(`${done} of ${chosen.length}, ${report.violations.length} violations`)
  }
}

/** The same in every process, whatever else each of them saw. */
function shardOf({ scenario, store, label, nth, strike }: Point, of: number): number {
  const digest = createHash('sha1').update([scenario, store, label, nth, strike].join('\n')).digest()
  return (digest.readUInt32BE(0) % of) + 1
}

/** Which calls are made while this goes on, and how often. */
async function watch(
  cluster: Cluster,
  meanwhile: () => Promise<unknown>,
): Promise<Map<string, { store: Point['store']; label: string; times: number }>> {
  const seen = new Map<string, { store: Point['store']; label: string; times: number }>()
  const close = tap(cluster, ({ store, label, nth }) => {
    seen.set(`${store} ${label}`, { store, label, times: nth })
    return 'pass'
  })
  try {
    await meanwhile()
  } finally {
    close()
  }
  return seen
}

const TRIES = 2

async function strikeAt(stage: Stage, scenario: Scenario, point: Point): Promise<void> {
  const { cluster, options, random, report } = stage
  const row = report.scenarios.findLast(({ name }) => name === scenario.name)
  const name = `${point.strike} ${point.store} ${point.label} #${point.nth}`
  report.aimed += 1
  if (row) row.aimed += 1
  for (let tries = 1; tries <= TRIES; tries++) {
    const aimed = aimAt(cluster, point, random, LEASE_MS)
    const startedAt = performance.now()
    try {
      await live(stage, scenario, name)
    } catch (error) {
      report.violations.push({ rule: 'L4', what: `${scenario.name}: ${name}`, evidence: String(error) })
      options.tell(`BROKEN ${scenario.name}: ${name}: ${String(error)}`)
    } finally {
      await aimed.over()
    }
    if (row) row.longestMs = Math.max(row.longestMs, Math.round(performance.now() - startedAt))
    if (!aimed.struck()) continue
    report.struck[point.strike] += 1
    if (row) row.struck += 1
    return
  }
  report.unreached.push(`${scenario.name}: ${name}`)
}

async function live(stage: Stage, scenario: Scenario, struckBy?: string): Promise<void> {
  stage.count += 1
  const key = `l${stage.count}`
  if (struckBy !== undefined) stage.struckBy.set(key, `${scenario.name}: ${struckBy}`)
  const life: Life = stage.lives.begin(key)
  await scenario.live(life)
}

/** Everything that ARCHITECTURE.md promises, asked of all lives together. */
async function judge(
  { lives, cluster, report, options, struckBy }: Stage,
  known: { database: Database; follower: Follower; ledgers: string; lossy: boolean },
): Promise<void> {
  const { database, follower, ledgers, lossy } = known
  await cluster.heal()
  const restless = await comeToRest(database, cluster, REST_MS)
  if (restless !== undefined) options.tell(`does not come to rest: ${restless}`)
  const addresses = (await database.ask<{ address: string }>('select address from actors')).map((row) => row.address)
  const unequal = await follower.replayAll(addresses)
  const [entries] = await database.ask<{ n: number }>('select count(*)::int as n from history')
  await caughtUp(follower, entries?.n ?? 0)
  // To the checks it is all the same whether somebody waits for what comes of a message.
  const operations = lives.operations.map((one) =>
    one.call.do === 'ask' ? { ...one, call: { ...one.call, do: 'send' as const } } : one,
  )
  const facts = await readFacts(database, {
    operations,
    lockCalls: [],
    ledgers,
    unequal,
    followed: follower.seen,
    jumps: [],
  })
  const limits = { connections: cluster.seats.length * 20 }
  const ended = checkProcesses(cluster.deaths)
  const found = lossy
    ? [
        ...checkRest(facts, limits),
        ...unequal.map((address) => ({ rule: 'G7', what: 'replay differs', evidence: address })),
      ]
    : checkAll(facts, limits)
  for (const violation of [...ended, ...found]) {
    const key = /\bl\d+\b/.exec(JSON.stringify(violation.evidence))?.[0] ?? ''
    report.violations.push({ ...violation, evidence: { after: struckBy.get(key) ?? null, is: violation.evidence } })
  }
}

/** The same as the JSON, for people. */
export function describeNthCall(report: NthCallReport): string {
  const { struck, scenarios, unreached, violations } = report
  const all = Object.values(struck).reduce((sum, one) => sum + one, 0)
  const lines = [
    '',
    `seed ${report.seed} on ${report.backend}, ${Math.round(report.durationMs / 1_000)} s`,
    `${report.aimed} of ${report.points} points${report.aimed < report.points ? ', a sample' : ''}; ${all} struck: ${STRIKES.map((one) => `${one} ${struck[one]}`).join(', ')}`,
    ...scenarios.map(
      ({ name, calls, aimed, struck: hit, longestMs }) =>
        `  ${name}: ${calls} calls, ${hit} of ${aimed} struck, longest ${longestMs} ms`,
    ),
    `calls that were not made again  ${unreached.length}`,
    `violations  ${violations.length}`,
    ...violations
      .slice(0, 30)
      .map(({ rule, what, evidence }) => `  ${rule} ${what}: ${JSON.stringify(evidence).slice(0, 500)}`),
    '',
  ]
  return `${lines.join('\n')}\n`
}
