import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000

/**
 * Listens on a connection of its own, which is made again whenever it is lost, until `stop`. `onConnected` is called each
 * time, since notices were lost meanwhile. Resolves when it listens for the first time; rejects when that fails.
 */
export async function keepListening(
  config: pg.ClientConfig,
  channel: string,
  onPayload: (payload: string) => void,
  onConnected: () => void,
): Promise<{ stop(): Promise<void> }> {
  const stopping = new AbortController()
  let client = await connect()
  const keeping = keep()

  async function connect(): Promise<pg.Client & { lost: Promise<void> }> {
    const fresh = new pg.Client(config)
    const lost = new Promise<void>((resolve) => fresh.once('end', resolve))
    // What it says is that it ends, which is what we wait for.
    fresh.on('error', () => undefined)
    fresh.on('notification', ({ payload }) => onPayload(payload ?? ''))
    try {
      await fresh.connect()
      await fresh.query(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (error) {
      void fresh.end().catch(() => undefined)
      throw error
    }
    onConnected()
    return Object.assign(fresh, { lost })
  }

  async function keep(): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; !stopping.signal.aborted; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      await client.lost
      if (stopping.signal.aborted) return
      await pause(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      // Not yet: the next round waits a little longer, as the lost one stays lost.
      await connect().then(
        (fresh) => {
          client = fresh
          pauseMs = FIRST_PAUSE_MS
        },
        () => undefined,
      )
    }
  }

  return {
    async stop() {
      stopping.abort()
      await client.end().catch(() => undefined)
      await keeping
    },
  }
}
