import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

/** `npm run fuzz -- --runs 20000 --seed 7`: the tests of fuzz.test.ts, for as long as one likes, and the same again by seed. */
const { values } = parseArgs({ options: { runs: { type: 'string', default: '20000' }, seed: { type: 'string' } } })
const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31))
process.stdout.write(`${values.runs} requests, seed ${seed}\n`)
const env = { ...process.env, FUZZ_RUNS: values.runs, FUZZ_SEED: seed }
const vitest = spawn('vitest', ['run', 'tests/bad-input/fuzz.test.ts', '--retry', '0'], { env, stdio: 'inherit' })
vitest.on('exit', (code) => {
  process.exitCode = code ?? 1
})
