import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startServer } from './process.ts'
import type { Stage } from './stage.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const machines = fileURLToPath(new URL('machines.ts', import.meta.url))

export interface TroupeServer {
  url: string
  pid: number
  /** Its own embedded PostgreSQL, unless it was given another; for checks. Holds the password. */
  databaseUrl: string
  stop(): Promise<void>
}

/** Troupe as `npm start` starts it, with nothing set but where it may write, and its simulated lab off. */
export async function startTroupe(
  stage: Stage,
  backend: 'redis' | 'embedded',
  env: Record<string, string> = {},
): Promise<TroupeServer> {
  const dataDir = await stage.folder()
  const redis = backend === 'redis' ? await stage.redis('everysec') : undefined
  const child = await startServer(process.execPath, await startArguments(), {
    env: {
      PORT: '0',
      TROUPE_DATA_DIR: dataDir,
      TROUPE_MACHINES: machines,
      TROUPE_LAB: 'off',
      DATABASE_URL: '',
      REDIS_URL: redis ?? '',
      ...env,
    },
    log: join(await stage.folder(), 'troupe.log'),
    cwd: root,
  })
  stage.atEnd(child.stop)
  const line = await child.line(/Troupe is running: +http/)
  const url = /http\S+/.exec(line)?.[0] ?? ''
  return { url, pid: child.pid, databaseUrl: env['DATABASE_URL'] ?? (await embeddedUrl(dataDir)), stop: child.stop }
}

/** What `npm start` gives to Node. */
async function startArguments(): Promise<string[]> {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: { start: string } }
  return scripts.start.split(' ').slice(1)
}

/** The embedded server says its port in `postmaster.pid`, line four; its password lies beside it. */
async function embeddedUrl(dataDir: string): Promise<string> {
  const password = await readFile(join(dataDir, 'postgres.password'), 'utf8')
  const port = (await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[3]?.trim()
  return `postgres://troupe:${password.trim()}@127.0.0.1:${port}/troupe`
}
