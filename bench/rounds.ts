import type { Contestant, Plan } from './contestant.ts'
import type { Row } from './result.ts'
import type { Stage } from './stage.ts'
import { type Measured, summarize } from './stats.ts'

interface Entry {
  plan: Plan
  contestant: Contestant
}

/**
 * Measures in rounds: each contestant once, then each again, so that whatever else the machine does at a time hits all
 * of them. All are started before the first round and rest while others run. Afterwards the books of all are checked:
 * one wrong answer fails the run.
 */
export async function runRounds(
  plans: readonly Plan[],
  wanted: (row: string) => boolean,
  stage: Stage,
): Promise<{ rows: Row[]; versions: Record<string, string> }> {
  const { rounds, roundMs, warmUpMs } = stage.sizes
  stage.say(`  starting ${plans.map(({ rows }) => rows.join(', ')).join(', ')}`)
  const entries: Entry[] = await Promise.all(plans.map(async (plan) => ({ plan, contestant: await plan.start(stage) })))
  const all = entries.flatMap(({ plan, contestant }) =>
    Object.entries(contestant.rows)
      .filter(([name]) => wanted(name))
      .map(([name, measure]) => ({ name, measure, plan, measured: [] as Measured[] })),
  )
  for (const { name, measure } of all) {
    await measure(warmUpMs)
    stage.say(`  warm: ${name}`)
  }
  for (let round = 1; round <= rounds; round++) {
    for (const row of all) {
      const measured = await row.measure(roundMs)
      row.measured.push(measured)
      stage.say(
        `  round ${round}/${rounds}  ${row.name.padEnd(26)} ${Math.round(measured.events / measured.seconds)}/s`,
      )
    }
  }
  for (const { plan, contestant } of entries) {
    const checked = await contestant.verify()
    stage.say(`  checked: ${plan.rows.join(', ')}: ${checked} actors, every acknowledged event applied once`)
    await contestant.stop()
  }
  return {
    rows: all.map(({ name, plan, measured }) => ({ name, durability: plan.durability, ...summarize(measured) })),
    versions: Object.assign({}, ...entries.map(({ contestant }) => contestant.versions)) as Record<string, string>,
  }
}
