import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { type Disk, mountDisk } from '../disk.ts'
import type { Fault, Scene } from '../nemesis.ts'
import { createProxy } from '../proxy.ts'
import type { RedisServer } from '../redis-server.ts'
import { fits, probe, someWorker, until } from '../strike.ts'
import { redisFault } from './redis.ts'

const NOT_HERE = 'no small file system can be mounted here'
const CANARY = 'chaos:canary'
const LISTEN_MS = 90_000

/** Redis with a disk, a copy, or a reader that does not read: what it then loses is found in Postgres. */
export const REDIS_LOSS_FAULTS: readonly Fault[] = [
  needsDisk(
    redisFault('R7', 'the disk of Redis is full: it refuses what it cannot append to its log', async (scene, redis) => {
      const client = redis.client()
      return withDisk(scene, redis, 16, async (disk) => {
        await writesToDisk(client, disk)
        const filler = join(disk.folder, 'filler')
        // To the last byte, in small pieces at last.
        for (const size of [1_048_576, 4_096]) while (await fits(filler, size));
        const refused = await until('Redis to refuse a write', () => refusal(client))
        await pause(scene.spanMs)
        const during = await probe(scene, 'R7')
        await rm(filler)
        await until('Redis to write again', async () => (await refusal(client)) === undefined)
        return `refused with ${refused}; a message meanwhile applied after ${during} ms`
      })
    }),
  ),
  needsDisk(
    redisFault(
      'R8',
      'the power of Redis is cut, and it had not flushed everything (everysec)',
      async (scene, redis) => {
        return withDisk(scene, redis, 64, async (disk) => {
          const client = redis.client()
          await writesToDisk(client, disk)
          let acknowledged = 0
          for (const end = performance.now() + 1_700; performance.now() < end; )
            acknowledged = Number(await client.incr(CANARY))
          process.kill(redis.pid(), 'SIGSTOP')
          await disk.cutPower?.()
          await redis.kill()
          await redis.start(['--dir', disk.folder, '--appendonly', 'yes', '--appendfsync', 'everysec'])
          const kept = Number(await until('Redis to answer', () => client.get(CANARY).catch(() => undefined)))
          if (kept >= acknowledged) throw new Error(`nothing of ${acknowledged} writes was lost`)
          return `${acknowledged - kept} of ${acknowledged} acknowledged writes lost; a message applied after ${await probe(scene, 'R8')} ms`
        })
      },
    ),
    ({ cutPower }) => cutPower !== undefined,
  ),
  redisFault('R9', 'a copy of Redis takes its place that lacks the last writes', async (scene, redis) => {
    const client = redis.client()
    const way = await createProxy({ target: () => redis.port, reader: () => () => [], chance: () => 0 })
    try {
      const copy = await redis.replicate(way.port)
      await until('the copy to be whole', async () =>
        (await copy.client.info('replication')).includes('master_link_status:up'),
      )
      way.setWeather({ kind: 'dead' })
      let acknowledged = 0
      for (const end = performance.now() + scene.spanMs / 2; performance.now() < end; )
        acknowledged = Number(await client.incr(CANARY))
      const kept = Number(await copy.client.get(CANARY))
      await copy.promote()
      return `${acknowledged - kept} acknowledged writes missing; a message applied after ${await probe(scene, 'R9')} ms`
    } finally {
      await way.stop()
    }
  }),
  redisFault('R11', 'a subscriber does not read, and Redis throws it out for its backlog', async (scene, redis) => {
    const client = redis.client()
    const seat = someWorker(scene)
    const [row] = await scene.database.ask<{ id: string }>('select id::text from installation')
    const channel = `troupe:${row?.id}`
    // Those of the nodes, and the observer's.
    const everybody = scene.cluster.seats.length + 1
    const readers = async (): Promise<number> => Number((await client.pubsub('NUMSUB', channel))[1])
    const subscribers = async (): Promise<string[]> =>
      [...String(await client.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).matchAll(/^id=(\d+)/gm)].map(
        ([, id = '']) => id,
      )
    await until('everybody to listen', async () => (await readers()) >= everybody, LISTEN_MS)
    const before = await subscribers()
    await client.config('SET', 'client-output-buffer-limit', 'pubsub 1mb 512kb 1')
    seat.redis?.setWeather({ kind: 'deaf' })
    try {
      const junk = 'x'.repeat(256 * 1024)
      await until(
        'Redis to lose patience',
        async () => {
          for (let n = 0; n < 20; n++) await client.publish(channel, junk)
          const now = await subscribers()
          return before.some((id) => !now.includes(id))
        },
        LISTEN_MS,
      )
    } finally {
      seat.redis?.setWeather({ kind: 'clear' })
      await client.config('SET', 'client-output-buffer-limit', 'pubsub 33554432 8388608 60')
    }
    await until('everybody to listen again', async () => (await readers()) >= everybody, LISTEN_MS)
    return `${seat.name} was thrown out and came back; a message applied after ${await probe(scene, 'R11')} ms`
  }),
]

function needsDisk(fault: Fault, fits: (disk: Disk) => boolean = () => true): Fault {
  return {
    ...fault,
    async impossible(scene) {
      const why = await fault.impossible?.(scene)
      if (why !== undefined) return why
      return scene.disk && fits(scene.disk) ? undefined : NOT_HERE
    },
  }
}

async function withDisk(
  scene: Scene,
  redis: RedisServer,
  megabytes: number,
  strike: (disk: Disk) => Promise<string>,
): Promise<string> {
  const disk = await mountDisk(join(scene.folder, `redis-disk-${Date.now()}`), megabytes)
  if (!disk) throw new Error(NOT_HERE)
  try {
    return await strike(disk)
  } finally {
    // As before: without a disk, and so empty.
    await redis.kill()
    await redis.start()
    await disk.unmount()
  }
}

async function writesToDisk(client: Redis, { folder }: Disk): Promise<void> {
  await client.config('SET', 'dir', folder)
  await client.config('SET', 'appendfsync', 'everysec')
  await client.config('SET', 'appendonly', 'yes')
  await until('the log of Redis to be begun', async () =>
    (await client.info('persistence')).includes('aof_rewrite_in_progress:0'),
  )
}

/** What Redis says to a write that it does not take. */
async function refusal(client: Redis): Promise<string | undefined> {
  return client.set('chaos:write', 'x'.repeat(10_000)).then(
    () => undefined,
    (error: unknown) => (error instanceof Error && error.message.startsWith('MISCONF') ? 'MISCONF' : undefined),
  )
}
