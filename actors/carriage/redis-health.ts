import { openRedis } from './redis.ts'

/** What decides whether a Redis keeps the jobs that it is given. */
export interface RedisFacts {
  version: string
  /** `noeviction`, or which keys it throws away when it is full. */
  policy: string
  usedBytes: number
  /** 0: no limit of its own. */
  maxBytes: number
}

const PATIENCE_MS = 5_000

/** Asks once, with a connection of its own. Throws what the connection throws. */
export async function examineRedis(url: string): Promise<RedisFacts> {
  const redis = openRedis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    commandTimeout: PATIENCE_MS,
    retryStrategy: () => null,
  })
  // The rejection of `connect` says the same.
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    const text = await redis.info()
    const fact = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1] ?? ''
    return {
      version: fact('redis_version'),
      policy: fact('maxmemory_policy'),
      usedBytes: Number(fact('used_memory')),
      maxBytes: Number(fact('maxmemory')),
    }
  } finally {
    redis.disconnect()
  }
}
