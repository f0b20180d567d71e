import { createPlatform, type RunningPlatform } from '../actors/agents/platform.ts'
import type { Config } from '../core/config.ts'
import { createLog } from '../core/log.ts'
import { createToolCatalog, createTools } from '../tools/catalog.ts'
import { openVault } from './vault.ts'

/** Opens the platform's database for a command, which may look and write there; nothing is started, nothing runs. */
export async function withPlatform<T>(config: Config, work: (platform: RunningPlatform) => Promise<T>): Promise<T> {
  const platform = await createPlatform({
    version: '0',
    roles: ['api'],
    dataDir: config.dataDir,
    log: createLog(config.logLevel),
    vault: await openVault(config),
    tools: createToolCatalog(createTools({ allowedHosts: [] })),
    ...(config.databaseUrl === undefined ? {} : { databaseUrl: config.databaseUrl }),
    ...(config.redisUrl === undefined ? {} : { redisUrl: config.redisUrl }),
  })
  try {
    return await work(platform)
  } finally {
    await platform.stop()
  }
}
