import { createPlatform } from '../actors/agents/platform.ts'
import { checkDeploy, type DeployVerdict } from '../actors/deploy-check.ts'
import type { Config } from '../core/config.ts'
import { createLog } from '../core/log.ts'
import { createToolCatalog, createTools } from '../tools/catalog.ts'

/** What the machines of this build would make of every living actor in the database; changes nothing there. */
export async function checkMachines(config: Config): Promise<DeployVerdict[]> {
  const platform = await createPlatform({
    version: '0',
    roles: ['api'],
    dataDir: config.dataDir,
    log: createLog(config.logLevel),
    tools: createToolCatalog(createTools({ allowedHosts: [] })),
    ...(config.databaseUrl === undefined ? {} : { databaseUrl: config.databaseUrl }),
    ...(config.redisUrl === undefined ? {} : { redisUrl: config.redisUrl }),
  })
  try {
    return await checkDeploy(platform.runtime.sql, platform.runtime.hosted)
  } finally {
    await platform.stop()
  }
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
