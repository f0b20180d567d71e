import type { Address } from '../../core/address.ts'
import type { Log } from '../../core/log.ts'
import type { Sql } from '../../db/client.ts'
import { listen, notify } from '../../db/notify.ts'
import { openRedis } from './redis.ts'

/** Ids only: whoever hears one reads the truth from Postgres. Any notice may be lost or doubled. */
export interface Notice {
  /** Actors whose revision moved. */
  moved?: Address[]
  /** Invocations that their actor does not want any more. */
  withdrawn?: string[]
}

/** Carries notices between processes. `onGap` says that some may have been lost (a reconnect). */
export interface Carrier {
  publish(notice: Notice): void
  stop(): Promise<void>
}

export interface Listener {
  onNotice(notice: Notice): void
  onGap(): void
}

/** Postgres refuses a NOTIFY payload of 8,000 bytes or more. */
const MAX_BYTES = 7_500

/** LISTEN/NOTIFY: nothing to install. */
export async function createPostgresCarrier(sql: Sql, listener: Listener, log: Log): Promise<Carrier> {
  const subscription = await listen(sql, (payload) => receive(payload, listener, log), listener.onGap)
  const publish = gather((payload) => notify(sql, payload), log)
  return { publish, stop: () => subscription.stop() }
}

/** Redis pub/sub, with a connection of its own for listening. */
export async function createRedisCarrier(
  redisUrl: string,
  channel: string,
  listener: Listener,
  log: Log,
): Promise<Carrier> {
  const options = { maxRetriesPerRequest: 1, commandTimeout: 2_000, lazyConnect: true, enableOfflineQueue: false }
  const sender = openRedis(redisUrl, options)
  const receiver = openRedis(redisUrl, {
    ...options,
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    commandTimeout: undefined,
  })
  for (const client of [sender, receiver])
    client.on('error', (error: unknown) => log.debug({ error }, 'redis carrier not connected'))
  receiver.on('message', (_channel: string, payload: string) => receive(payload, listener, log))
  receiver.on('ready', listener.onGap)
  // Not awaited: without Redis the sweeper and the readers' own clocks carry everything, only later.
  void receiver.subscribe(channel).catch((error: unknown) => log.warn({ error }, 'redis subscription failed'))
  await sender.connect().catch((error: unknown) => log.warn({ error }, 'redis is not reachable yet'))
  const publish = gather(async (payload) => void (await sender.publish(channel, payload)), log)
  return {
    publish,
    stop: async () => {
      sender.disconnect()
      receiver.disconnect()
      await Promise.resolve()
    },
  }
}

function receive(payload: string, listener: Listener, log: Log): void {
  try {
    listener.onNotice(JSON.parse(payload) as Notice)
  } catch (error) {
    // Whoever can write to the channel could send anything; a notice is a hint, so it is only passed over.
    log.warn({ error }, 'unreadable notice')
  }
}

/** Under load, so much time for notices to gather: a NOTIFY is a commit, and people do not see hundredths of a second. */
const PACE_MS = 10

/** The first notice goes at once; while one is under way, and for a moment after it, the next ones gather. */
function gather(send: (payload: string) => Promise<void>, log: Log): (notice: Notice) => void {
  let moved = new Set<Address>()
  let withdrawn = new Set<string>()
  let busy = false

  async function flush(): Promise<void> {
    busy = true
    while (moved.size > 0 || withdrawn.size > 0) {
      const payloads = [...chunks('moved', moved), ...chunks('withdrawn', withdrawn)]
      moved = new Set()
      withdrawn = new Set()
      for (const payload of payloads) await send(payload).catch((error: unknown) => log.debug({ error }, 'notice lost'))
      await new Promise((resolve) => setTimeout(resolve, PACE_MS))
    }
    busy = false
  }

  return (notice) => {
    for (const address of notice.moved ?? []) moved.add(address)
    for (const effectId of notice.withdrawn ?? []) withdrawn.add(effectId)
    if (!busy) void flush()
  }
}

function chunks(name: string, ids: ReadonlySet<string>): string[] {
  const payloads: string[] = []
  let part: string[] = []
  let bytes = 0
  for (const id of ids) {
    if (bytes + id.length > MAX_BYTES - 200) {
      payloads.push(JSON.stringify({ [name]: part }))
      part = []
      bytes = 0
    }
    part.push(id)
    bytes += Buffer.byteLength(id) + 3
  }
  if (part.length > 0) payloads.push(JSON.stringify({ [name]: part }))
  return payloads
}
