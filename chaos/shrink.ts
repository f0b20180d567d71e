import type { Violation } from './checks/violation.ts'
import { ddmin } from './ddmin.ts'
import type { Operation } from './operations.ts'
import { type Outcome, type RunOptions, runAll } from './run.ts'
import { concerns, subjectOf, traceOf } from './trace.ts'
import type { Scripted } from './work.ts'

/** The least that still breaks the promise, and how it goes. */
export interface Shrunk {
  rule: string
  what: string
  /** Faults without which it does not happen; in the order of the schedule. */
  rows: string[]
  /** Operations without which it does not happen, of how many. */
  operations: Scripted[]
  of: number
  /** Whether people who want devices had to be there. */
  locks: boolean
  /** Runs that it took. */
  runs: number
  /** False: it did not happen again in time, and the trace is that of the first run. */
  repeated: boolean
  trace: string[]
}

/** A schedule of which anything can be left out. */
interface Schedule {
  rows: readonly string[]
  script: readonly Scripted[]
  locks: boolean
}

/** Chance has a part in each run, so that what did not happen may have been luck. */
const TRIES = 2
/** Work that has a driver of its own, and asks for the same again. */
const DRIVEN = /^(setup|operator|probe|nemesis|lock:)/

/**
 * Runs again what was asked, each time with a part of it left out, as long as the same rule is broken and time lasts: first
 * what does not concern the actors of the violation, then faults, then operations.
 */
export async function shrink(options: RunOptions, first: Outcome, forMs: number): Promise<Shrunk | undefined> {
  const { tell } = options
  const [violation] = first.report.violations
  if (!violation) return undefined
  const until = performance.now() + forMs
  const inTime = (): boolean => performance.now() < until
  let runs = 0
  let best: { outcome: Outcome; violation: Violation } = { outcome: first, violation }
  let repeated = false

  async function fails(schedule: Schedule): Promise<boolean> {
    for (let attempt = 0; attempt < TRIES && inTime(); attempt++) {
      runs += 1
      const outcome = await runAll(asScheduled(options, schedule))
      const found = outcome.report.violations.find(({ rule }) => rule === violation?.rule)
      const { rows, script } = schedule
      tell(
        `${found ? 'still' : 'no   '} ${violation?.rule} with ${rows.join(',') || 'no fault'}, ${script.length} operations`,
      )
      if (!found) continue
      best = { outcome, violation: found }
      repeated = true
      return true
    }
    return false
  }

  const script = first.operations.filter(({ client }) => !DRIVEN.test(client)).map(asScripted)
  let schedule: Schedule = { rows: rowsOf(first, violation), script, locks: /^G1[0-4]$/.test(violation.rule) }
  const subject = subjectOf(violation)
  const relevant = { ...schedule, script: script.filter((one) => concerns(one, subject)) }
  if (await fails({ ...relevant, rows: [] })) schedule = { ...relevant, rows: [] }
  else if (await fails(relevant)) schedule = relevant
  else if (!(await fails(schedule))) return told()

  const rows = await ddmin(schedule.rows, (part) => fails({ ...schedule, rows: part }), inTime)
  schedule = { ...schedule, rows }
  const least = await ddmin(schedule.script, (part) => fails({ ...schedule, script: part }), inTime)
  schedule = { ...schedule, script: least }
  return told()

  function told(): Shrunk {
    const { outcome, violation: last } = best
    const { rule, what } = last
    const trace = traceOf(last, outcome.facts, { struck: outcome.report.faults.struck, deaths: outcome.deaths })
    const { rows: kept, script: asked, locks } = schedule
    return { rule, what, rows: [...kept], operations: [...asked], of: script.length, locks, runs, repeated, trace }
  }
}

/** Those that were struck by then, the latest first: each once. */
function rowsOf({ report, facts }: Outcome, violation: Violation): string[] {
  const { addresses } = subjectOf(violation)
  const last = Math.max(...facts.history.filter(({ address }) => addresses.has(address)).map(({ at }) => at), 0)
  const before = report.faults.struck.filter(({ from }) => last === 0 || from <= last + 1_000)
  return [...new Set(before.map(({ id }) => id).reverse())]
}

function asScheduled(options: RunOptions, { rows, script, locks }: Schedule): RunOptions {
  const { faults, lockClients } = options
  return {
    ...options,
    forMs: Infinity,
    faults: rows.flatMap((row) => faults.filter(({ id }) => id === row)),
    script: renumbered(script),
    lockClients: locks ? lockClients : 0,
    restMs: Math.min(options.restMs, 10_000),
    tell: () => undefined,
  }
}

/** A client counts what it sends to each cell: what was left out must leave no gap. */
function renumbered(script: readonly Scripted[]): Scripted[] {
  const last = new Map<string, number>()
  const given = new Map<string, number>()
  return script.map((one) => {
    const { call } = one
    if (call.do !== 'send' || call.event.type !== 'PUT') return one
    const way = `${String(call.event['from'])} ${call.address}`
    // Sent again, it is what it was.
    const n = given.get(call.id) ?? (last.get(way) ?? 0) + 1
    last.set(way, Math.max(n, last.get(way) ?? 0))
    given.set(call.id, n)
    return { ...one, call: { ...call, event: { ...call.event, n } } }
  })
}

function asScripted({ client, id, call }: Operation): Scripted {
  return { client, id, call }
}
