import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { FAULTS } from './faults/all.ts'
import { describeRun } from './report.ts'
import { run } from './run.ts'
import { FULL, SHORT } from './sizes.ts'

/** `npm run chaos -- --minutes 10 --seed 7 --backend redis --json`. Exit code 1: a promise was broken. */

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string' },
    backend: { type: 'string', default: 'redis' },
    /** Ids of the fault matrix, with commas; default: all. */
    rows: { type: 'string' },
    json: { type: 'boolean', default: false },
    /** Writes the report here, too. */
    out: { type: 'string' },
    short: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})

const backend = values.backend === 'postgres' ? 'postgres' : 'redis'
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000))
const wanted = values.rows?.split(',')
const report = await run({
  ...(values.short ? SHORT : FULL),
  seed,
  backend,
  forMs: Number(values.minutes) * 60_000,
  faults: wanted ? FAULTS.filter(({ id }) => wanted.includes(id)) : FAULTS,
  keep: values.keep,
  tell: (line) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`),
})
if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(report, null, 2)}\n`)
process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : describeRun(report))
process.exit(report.violations.length === 0 && report.valid ? 0 : 1)
