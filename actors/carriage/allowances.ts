import { z } from 'zod'
import type { Allowance, Ask, Grant, Rate } from '../../core/allowance.ts'
import type { Log } from '../../core/log.ts'
import { spendAllowances } from '../../db/allowances.ts'
import type { Sql } from '../../db/client.ts'
import { openRedis } from './redis.ts'

export function createPostgresAllowance(sql: Sql): Allowance {
  return { spend: (rate, asks) => spendAllowances(sql, rate, asks), stop: () => Promise.resolve() }
}

/**
 * KEYS: who asks. ARGV: microseconds that one costs and that may come at once, then for each who asks what it owes and
 * wants. Answers for each what it is granted, and the microseconds until there is another. As `spend_allowance` in SQL.
 */
const SPEND = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local cost, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local answer = {}
for place, key in ipairs(KEYS) do
  local owed, wanted = tonumber(ARGV[place * 2 + 1]), tonumber(ARGV[place * 2 + 2])
  local paid = math.max(tonumber(redis.call('GET', key) or '0'), now) + owed * cost
  local granted = math.max(0, math.min(wanted, math.floor((now + burst - paid) / cost)))
  paid = paid + granted * cost
  redis.call('SET', key, string.format('%.0f', paid), 'PX', math.ceil((paid - now) / 1000) + 1)
  table.insert(answer, granted)
  table.insert(answer, math.ceil(math.max(0, paid + cost - now - burst)))
end
return answer`

const Answer = z.array(z.number())

/** Nothing connects before somebody asks. A Redis that was emptied has forgotten what was used, and no more. */
export function createRedisAllowance(redisUrl: string, installation: string, log: Log): Allowance {
  const client = openRedis(redisUrl, {
    lazyConnect: true,
    // A command that cannot be sent at once, or whose answer is lost, is not sent again: whoever asks goes on without.
    maxRetriesPerRequest: 0,
    commandTimeout: 1_000,
    retryStrategy: (times: number) => Math.min(1_000, times * 50),
  })
  client.on('error', (error: unknown) => log.debug({ error }, 'redis of allowances not connected'))
  // In one slot of a cluster, so that one script may take many.
  const keyOf = (who: string): string => `{troupe-${installation.slice(0, 8)}}:allowance:${who}`

  return {
    async spend({ perSecond, burst }: Rate, asks: readonly Ask[]): Promise<Grant[]> {
      const costUs = 1_000_000 / perSecond
      const keys = asks.map(({ who }) => keyOf(who))
      const amounts = asks.flatMap(({ owed, wanted }) => [owed, wanted])
      const answer = Answer.parse(await client.eval(SPEND, keys.length, ...keys, costUs, burst * costUs, ...amounts))
      return asks.map((_, place) => ({ granted: answer[2 * place] ?? 0, waitMs: (answer[2 * place + 1] ?? 0) / 1000 }))
    },
    async stop() {
      client.disconnect()
      await Promise.resolve()
    },
  }
}
