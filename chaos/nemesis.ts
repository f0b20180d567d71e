import type { Violation } from './checks/violation.ts'
import type { Cluster } from './cluster.ts'
import type { Database } from './database.ts'
import type { Disk } from './disk.ts'
import type { Jump } from './facts.ts'
import type { Gateway } from './gateway.ts'
import type { Random } from './random.ts'
import type { RedisServer } from './redis-server.ts'
import type { Work } from './work.ts'

/** What a fault is struck with. */
export interface Scene {
  cluster: Cluster
  database: Database
  redis: RedisServer | undefined
  gateway: Gateway
  work: Work
  random: Random
  /** Milliseconds for which something lasting lasts; the short form has less. */
  spanMs: number
  /** A folder for what a fault needs. */
  folder: string
  /** What a fault itself finds broken: that which is gone when everything has come to rest. */
  broken(violation: Violation): void
  /** A fault set the database's clock back. */
  jumped(jump: Jump): void
  /** Under the database's data, where one could be mounted. */
  disk: Disk | undefined
}

/** One row of the fault matrix (RELIABILITY.md). */
export interface Fault {
  /** Its id there: P1, R3, D4 … */
  id: string
  what: string
  /** Why it cannot be done here; absent: it can. */
  impossible?(scene: Scene): string | undefined | Promise<string | undefined>
  /** Strikes, takes itself back, and answers what shows that it struck. Throws when it did not: then it does not count. */
  strike(scene: Scene): Promise<string>
}

export interface Struck {
  id: string
  what: string
  from: number
  to: number
  evidence: string
}

export interface NemesisReport {
  struck: Struck[]
  /** Faults that left no evidence, and why: they do not count. */
  failed: { id: string; why: string }[]
  notMeasured: { id: string; why: string }[]
}

/**
 * Strikes with every fault once in a random order, then again and again until time is up (`Infinity`: once is enough); between two it waits until
 * all nodes stand, so that each meets a working cluster.
 */
export async function unleash(
  scene: Scene,
  faults: readonly Fault[],
  untilMs: number,
  tell: (line: string) => void,
): Promise<NemesisReport> {
  const report: NemesisReport = { struck: [], failed: [], notMeasured: [] }
  const possible: Fault[] = []
  for (const fault of faults) {
    const why = await fault.impossible?.(scene)
    if (why === undefined) possible.push(fault)
    else report.notMeasured.push({ id: fault.id, why })
  }
  let queue = scene.random.shuffle(possible)
  let rounds = 0
  while (possible.length > 0) {
    const fault = queue.shift()
    if (!fault) {
      if (untilMs === Infinity) break
      rounds += 1
      queue = scene.random.shuffle(possible)
      continue
    }
    if (performance.now() >= untilMs) {
      if (rounds === 0) for (const { id } of [fault, ...queue]) report.notMeasured.push({ id, why: 'time was up' })
      break
    }
    const from = Date.now()
    try {
      const evidence = await fault.strike(scene)
      report.struck.push({ id: fault.id, what: fault.what, from, to: Date.now(), evidence })
      tell(`${fault.id.padEnd(4)} ${fault.what}: ${evidence}`)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      report.failed.push({ id: fault.id, why })
      tell(`${fault.id.padEnd(4)} ${fault.what}: NO EVIDENCE, ${why}`)
    }
    await scene.cluster.heal()
  }
  return report
}
