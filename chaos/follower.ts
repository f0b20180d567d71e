import { setTimeout as pause } from 'node:timers/promises'
import { createPlatform, type RunningPlatform } from '../actors/agents/platform.ts'
import { toErrorRecord } from '../core/errors.ts'
import { createLog } from '../core/log.ts'
import { createToolCatalog, createTools } from '../tools/catalog.ts'
import { chaosMachines } from './machines.ts'
import { unsafeTool } from './unsafe-tool.ts'

export interface Follower {
  /** What it saw, in its order. */
  seen: { address: string; revision: number }[]
  /** Those whose replay is not what is stored, or failed, with the reason. */
  replayAll(addresses: readonly string[]): Promise<string[]>
  stop(): Promise<void>
}

/** An observer in the driver's own process: follows every history from its beginning through all faults, and replays. */
export async function createFollower(databaseUrl: string, redisUrl: string | undefined): Promise<Follower> {
  const platform: RunningPlatform = await createPlatform({
    version: 'chaos',
    log: createLog('silent'),
    databaseUrl,
    ...(redisUrl === undefined ? {} : { redisUrl }),
    roles: ['api'],
    tools: createToolCatalog([...createTools({ allowedHosts: [] }), unsafeTool('http://nowhere.invalid')]),
    machines: chaosMachines({ began: () => Promise.resolve(), ended: () => Promise.resolve() }, 1),
  })
  await platform.runtime.start()
  const ending = new AbortController()
  const seen: Follower['seen'] = []
  const following = follow()

  async function follow(): Promise<void> {
    let cursor = '0.0'
    while (!ending.signal.aborted) {
      try {
        for await (const entry of platform.runtime.followAll({ cursor, signal: ending.signal })) {
          cursor = entry.cursor
          seen.push({ address: entry.address, revision: entry.revision })
        }
      } catch {
        // The database is away: a reader goes on from its cursor.
        await pause(200)
      }
    }
  }

  return {
    seen,
    async replayAll(addresses) {
      const unequal: string[] = []
      for (const address of addresses) {
        const why = await platform.runtime.replay(address).then(
          ({ equal }) => (equal === true ? undefined : ''),
          (error: unknown) => `: ${toErrorRecord(error).message}`,
        )
        if (why !== undefined) unequal.push(`${address}${why}`)
      }
      return unequal
    },
    async stop() {
      ending.abort()
      await following
      await platform.stop()
    },
  }
}
