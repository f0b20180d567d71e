import { checkDeploy, type DeployVerdict } from '../actors/deploy-check.ts'
import type { Config } from '../core/config.ts'
import { hostOf } from './machines.ts'
import { lookInto } from './open.ts'

/**
 * What the machines of this build, and those of TROUPE_MACHINES, would make of every living actor in the database, which
 * may be of an earlier version: what is read has been there since the first. Changes nothing there.
 */
export async function checkMachines(config: Config): Promise<DeployVerdict[]> {
  const hosted = await hostOf(config)
  return lookInto(config, (sql) => checkDeploy(sql, hosted), { older: true })
}

/** Whether this build would leave living actors behind: parked, or without anybody who hosts their machine. */
export function leavesBehind(verdicts: readonly DeployVerdict[]): boolean {
  return verdicts.some(({ outcome }) => outcome === 'parks' || outcome === 'no machine')
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
  const total = outcomes.map((outcome) => `${outcome}: ${count(outcome)}`).join(', ')
  const remedy = count('no machine') > 0 ? ['Nobody would host those without a machine: is TROUPE_MACHINES set?'] : []
  return `${[...lines, '', total, ...remedy].join('\n')}\n`
}
