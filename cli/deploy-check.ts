import { checkDeploy, type DeployVerdict } from '../actors/deploy-check.ts'
import type { Config } from '../core/config.ts'
import { withPlatform } from './open.ts'

/** What the machines of this build would make of every living actor in the database; changes nothing there. */
export function checkMachines(config: Config): Promise<DeployVerdict[]> {
  return withPlatform(config, ({ runtime }) => checkDeploy(runtime.sql, runtime.hosted))
}

/** One line for each state, and one for each reason. */
export function describeVerdicts(verdicts: readonly DeployVerdict[]): string {
  const lines = verdicts.flatMap(({ kind, state, from, to, actors, parked, outcome, reason, example }) => [
    `${String(actors).padStart(7)}  ${outcome.padEnd(10)}  ${kind} in ${JSON.stringify(state)}, version ${from}${to === null || to === from ? '' : ` → ${to}`}${parked > 0 ? ` (${parked} parked)` : ''}`,
    ...(reason === null ? [] : [`${' '.repeat(21)}${example}: ${reason}`]),
  ])
  const count = (outcome: DeployVerdict['outcome']): number =>
    verdicts.filter((one) => one.outcome === outcome).reduce((sum, { actors }) => sum + actors, 0)
  const outcomes = ['unchanged', 'fits', 'migrates', 'parks', 'no machine'] as const
  return `${[...lines, '', outcomes.map((outcome) => `${outcome}: ${count(outcome)}`).join(', ')].join('\n')}\n`
}
