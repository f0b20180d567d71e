import { examineRedis } from '../actors/carriage/redis-health.ts'
import type { Config } from '../core/config.ts'
import { toErrorRecord } from '../core/errors.ts'
import { createLog } from '../core/log.ts'
import { examineDatabase } from '../db/doctor.ts'
import { openDatabase } from '../db/open.ts'
import { type Finding, judgeDatabase, judgeRedis } from './doctor-findings.ts'
import { examineSeals } from './doctor-seals.ts'

/** Looks at everything that a platform stands on, beside one that runs or without; changes nothing. */
export async function examine(config: Config): Promise<Finding[]> {
  return [...(await database(config)), ...(config.redisUrl === undefined ? [] : await redis(config.redisUrl))]
}

async function database(config: Config): Promise<Finding[]> {
  const { databaseUrl, dataDir, logLevel } = config
  try {
    const { url, stop } = await openDatabase({ databaseUrl, dataDir, log: createLog(logLevel) })
    try {
      const facts = await examineDatabase(url)
      return [...judgeDatabase(facts), ...(facts.schema.pending.length === 0 ? await examineSeals(url, config) : [])]
    } finally {
      await stop()
    }
  } catch (error) {
    return [
      unreachable('postgres', error, 'Check DATABASE_URL, that the server runs, and that it lets this machine in.'),
    ]
  }
}

async function redis(url: string): Promise<Finding[]> {
  try {
    return judgeRedis(await examineRedis(url))
  } catch (error) {
    return [
      unreachable(
        'redis',
        error,
        'Check REDIS_URL and that it runs. Nothing is lost meanwhile; work goes on more slowly.',
      ),
    ]
  }
}

function unreachable(check: string, error: unknown, advice: string): Finding {
  const { code = '', message } = toErrorRecord(error) as { code?: string; message: string }
  return { check, level: 'problem', found: `cannot be asked: ${message || code}`, advice }
}

const MARKS = { ok: 'ok      ', warning: 'WARNING ', problem: 'PROBLEM ' } as const

/** A line for each check, and under it what to do. */
export function describeFindings(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ check, level, found, advice }) => [
    `${MARKS[level]} ${check}: ${found}`,
    ...(advice === '' ? [] : [`          → ${advice}`]),
  ])
  return `${lines.join('\n')}\n`
}
