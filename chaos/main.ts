import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { FAULTS } from './faults/all.ts'
import { runMutations } from './mutate.ts'
import { describeNthCall, runNthCall } from './nth-call/run.ts'
import { describeRun, describeShrunk } from './report.ts'
import { type RunOptions, runAll } from './run.ts'
import { shrink } from './shrink.ts'
import { FULL, SHORT } from './sizes.ts'

/** `npm run chaos -- --minutes 10 --seed 7 --backend redis --json`. Exit code 1: a promise was broken. */

const { values } = parseArgs({
  options: {
    /** Default 2; of the n-th call loop: as long as it takes. */
    minutes: { type: 'string' },
    seed: { type: 'string' },
    backend: { type: 'string', default: 'redis' },
    /** Ids of the fault matrix, with commas; default: all. */
    rows: { type: 'string' },
    json: { type: 'boolean', default: false },
    /** Writes the report here, too. */
    out: { type: 'string' },
    short: { type: 'boolean', default: false },
    /** Takes the protections away, one at a time: all twelve, or the numbers given with `--only`. */
    mutations: { type: 'boolean', default: false },
    only: { type: 'string' },
    /** A fault at every call of the database and of the queue, one life for each; scenarios by name with `--only`. */
    'nth-call': { type: 'boolean', default: false },
    /** So many of its points, by chance. */
    sample: { type: 'string' },
    /** `2/4`: the second of four processes that share its points. */
    shard: { type: 'string' },
    /** How long a violation is made smaller by running again, in minutes; 0: not at all. */
    shrink: { type: 'string', default: '3' },
    /** What is done to the database before the work begins. */
    sql: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})

const backend = values.backend === 'postgres' ? 'postgres' : 'redis'
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
// Whoever breaks off leaves no server behind: they end with `exit`.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
const tell = (line: string): unknown => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
process.exit(await (values.mutations ? mutations() : values['nth-call'] ? nthCall() : once()))

async function mutations(): Promise<number> {
  const only = values.only?.split(',').map(Number)
  // Twelve of them would take long; one is shown small when it is asked for alone.
  const shrinkMinutes = only?.length === 1 ? Number(values.shrink) : 0
  const results = await runMutations({ seed, backend, only, shrinkMinutes }, tell)
  const caught = results.filter((result) => result.caught).length
  await show({ seed, backend, caught, of: results.length, results }, `${caught} of ${results.length} caught\n`)
  return caught === results.length ? 0 : 1
}

async function nthCall(): Promise<number> {
  const sample = values.sample === undefined ? undefined : Number(values.sample)
  const [part = 1, of = 1] = values.shard?.split('/').map(Number) ?? []
  const report = await runNthCall({
    seed,
    backend,
    sample,
    only: values.only?.split(','),
    shard: { part, of },
    forMs: values.minutes === undefined ? undefined : Number(values.minutes) * 60_000,
    tell,
  })
  await show(report, describeNthCall(report))
  return report.violations.length === 0 ? 0 : 1
}

async function once(): Promise<number> {
  const wanted = values.rows?.split(',')
  const options: RunOptions = {
    ...(values.short ? SHORT : FULL),
    seed,
    backend,
    forMs: Number(values.minutes ?? 2) * 60_000,
    faults: wanted ? FAULTS.filter(({ id }) => wanted.includes(id)) : FAULTS,
    keep: values.keep,
    ...(values.sql === undefined ? {} : { sql: values.sql }),
    tell,
  }
  const outcome = await runAll(options)
  const { report } = outcome
  const shrinkMs = Number(values.shrink) * 60_000
  if (report.violations.length > 0 && shrinkMs > 0) tell('a promise was broken; looking for the least that breaks it')
  const shrunk = shrinkMs > 0 ? await shrink(options, outcome, shrinkMs) : undefined
  await show({ ...report, shrunk }, `${describeRun(report)}${shrunk ? describeShrunk(shrunk) : ''}`)
  return report.violations.length === 0 && report.valid ? 0 : 1
}

async function show(report: object, text: string): Promise<void> {
  const json = `${JSON.stringify(report, null, 2)}\n`
  if (values.out !== undefined) await writeFile(values.out, json)
  // Waits until it is out: a pipe may take it in pieces.
  await new Promise((resolve) => process.stdout.write(values.json ? json : text, resolve))
}
