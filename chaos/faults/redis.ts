import { setTimeout as pause } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import type { Fault, Scene } from '../nemesis.ts'
import type { RedisServer } from '../redis-server.ts'
import { probe, someSeat, until } from '../strike.ts'

/** Redis holds nothing that cannot be found in Postgres: whatever becomes of it costs time only. */
export const REDIS_FAULTS: readonly Fault[] = [
  redisFault('R1', 'Redis is killed and comes back empty', async (scene, redis) => {
    await redis.kill()
    await pause(2_000)
    const without = await probe(scene, 'R1')
    await redis.start()
    return `killed; a message without it applied after ${without} ms`
  }),
  redisFault('R2', 'Redis is away for long', async (scene, redis) => {
    await redis.kill()
    const times: number[] = []
    for (let n = 0; n < 4; n++) {
      await pause(scene.spanMs / 2)
      times.push(await probe(scene, `R2:${n}`))
    }
    await redis.start()
    return `away for ${Math.round(2 * scene.spanMs)} ms; messages applied after ${times.join(', ')} ms`
  }),
  redisFault('R3', 'FLUSHALL under load, again and again', async (scene, redis) => {
    let flushed = 0
    for (const end = performance.now() + scene.spanMs; performance.now() < end; flushed++) {
      await redis.client().flushall()
      await pause(300)
    }
    return `${flushed} times emptied; a message applied after ${await probe(scene, 'R3')} ms`
  }),
  redisFault('R4', 'Redis stands still', async (scene, redis) => {
    const pid = redis.pid()
    process.kill(pid, 'SIGSTOP')
    const during = await probe(scene, 'R4')
    await pause(scene.spanMs)
    process.kill(pid, 'SIGCONT')
    return `process ${pid} frozen for ${scene.spanMs} ms; a message meanwhile applied after ${during} ms`
  }),
  redisFault('R5', 'Redis is out of memory (maxmemory, noeviction)', async (scene, redis) => {
    const refused = await starve(redis.client(), 'noeviction', () => pause(scene.spanMs))
    return `${refused} writes refused with OOM; a message applied after ${await probe(scene, 'R5')} ms`
  }),
  redisFault('R6', 'Redis evicts what it was given (allkeys-lru)', async (scene, redis) => {
    const client = redis.client()
    const before = await evicted(client)
    await starve(client, 'allkeys-lru', () => pause(scene.spanMs))
    const gone = (await evicted(client)) - before
    if (gone === 0) throw new Error('nothing was evicted')
    return `${gone} keys evicted; a message applied after ${await probe(scene, 'R6')} ms`
  }),
  redisFault('R10', 'subscriptions are cut, again and again', async (scene, redis) => {
    let cut = 0
    for (const end = performance.now() + scene.spanMs; performance.now() < end; ) {
      cut += Number(await redis.client().call('CLIENT', 'KILL', 'TYPE', 'pubsub'))
      await pause(300)
    }
    if (cut === 0) throw new Error('there was no subscription to cut')
    return `${cut} subscriptions cut`
  }),
  redisFault('R12', 'replies of Redis to the queue are lost', async (scene) => {
    const seat = someSeat(scene)
    let cuts = 0
    seat.redis?.intercept((commands) => {
      if (cuts >= 8 || !commands.some((command) => /evalsha|eval/i.test(command))) return 'pass'
      cuts += 1
      return 'cut'
    })
    await until('the queue of this node to be used', () => cuts >= 3)
    return `${cuts} replies to ${seat.name} cut`
  }),
  redisFault('R13', 'the way to Redis is dead, then heals', async (scene) => {
    const { seats } = scene.cluster
    for (const { redis } of seats) redis?.setWeather({ kind: 'dead' })
    const during = await probe(scene, 'R13')
    await pause(scene.spanMs)
    for (const { redis } of seats) redis?.setWeather({ kind: 'clear' })
    return `dead for ${scene.spanMs} ms; a message meanwhile applied after ${during} ms, after it ${await probe(scene, 'R13b')} ms`
  }),
  redisFault('R14', 'scripts are flushed', async (scene, redis) => {
    for (let n = 0; n < 5; n++) {
      await redis.client().script('FLUSH')
      await pause(200)
    }
    return `5 times; a message applied after ${await probe(scene, 'R14')} ms`
  }),
]

/** A fault of a run with Redis. */
export function redisFault(
  id: string,
  what: string,
  strike: (scene: Scene, redis: RedisServer) => Promise<string>,
): Fault {
  return {
    id,
    what,
    impossible: ({ redis }) => (redis ? undefined : 'there is no Redis in this run'),
    strike: (scene) => (scene.redis ? strike(scene, scene.redis) : Promise.reject(new Error('there is no Redis'))),
  }
}

async function starve(client: Redis, policy: string, during: () => Promise<unknown>): Promise<number> {
  let refused = 0
  await client.config('SET', 'maxmemory-policy', policy)
  await client.config('SET', 'maxmemory', '3mb')
  for (let n = 0; n < 400; n++) {
    await client.set(`ballast:${n}`, 'x'.repeat(10_000)).catch(() => {
      refused += 1
    })
  }
  await during()
  await client.config('SET', 'maxmemory', '0')
  await client.config('SET', 'maxmemory-policy', 'noeviction')
  for (let n = 0; n < 400; n++) await client.del(`ballast:${n}`)
  return refused
}

async function evicted(client: Redis): Promise<number> {
  return Number(/evicted_keys:(\d+)/.exec(await client.info('stats'))?.[1] ?? 0)
}
