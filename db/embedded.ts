import { access, constants, mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { chooseAccount } from './embedded/account.ts'
import { loadBinaries } from './embedded/binaries.ts'
import { prepareCluster } from './embedded/cluster.ts'
import { acquireDataLock } from './embedded/lock.ts'
import { type RunningServer, type ServerPlan, startServer, stopOrphan } from './embedded/server.ts'

export interface EmbeddedOptions {
  /** Holds the cluster, its password, its log and the lock of this platform. */
  dataDir: string
  log: Pick<Log, 'info' | 'warn' | 'error'>
  /** A fixed port on 127.0.0.1; by default any free one. */
  port?: number
  /** Overrides of server settings, for throw-away databases. */
  settings?: Readonly<Record<string, string>>
  /** The same for its command: what it begins with, as `env NAME=value`; asked at each start. */
  prefix?: () => readonly string[]
}

export interface EmbeddedPostgres {
  /** Where the role `troupe`, owner of the database `troupe`, logs in. Holds the password: never log it. */
  url: string
  /** Shuts the server down and frees the data folder. Safe to repeat. */
  stop(): Promise<void>
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  // A socket path may hold 107 bytes, which a deep folder exceeds; the loopback port has no such limit.
  unix_socket_directories: '',
  // An acknowledged event is one that survives a power cut.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '100',
  shared_buffers: '128MB',
  // Nothing is replicated from here, so the log needs only what recovery needs.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  max_wal_size: '2GB',
  // Parallel queries and I/O workers cost memory and processes that a small box does not have.
  max_parallel_workers_per_gather: '0',
  io_method: 'sync',
  // Mailboxes and timers live for milliseconds: their dead rows should go soon.
  autovacuum_naptime: '15s',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] %q%a ',
} as const

/** A real PostgreSQL 18 with nothing to install, for one platform on one machine. It ends when we end, however we end. */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { log, port, settings, prefix } = options
  const startedAt = performance.now()
  const dataDir = await prepareFolder(options.dataDir)
  const lock = await acquireDataLock(join(dataDir, 'postgres.lock'), dataDir)
  try {
    const binaries = await loadBinaries()
    const folder = join(dataDir, 'postgres')
    const account = await chooseAccount({ program: binaries.postgres, dataDir, cluster: folder })
    const orphan = await stopOrphan(folder)
    if (orphan !== undefined) log.warn({ pid: orphan, dataDir }, 'embedded postgres of a killed platform stopped')
    const { password, created } = await prepareCluster(dataDir, binaries, account)
    const logFile = join(dataDir, 'postgres.log')
    const plan = {
      program: binaries.postgres,
      account,
      folder,
      logFile,
      port,
      settings: { ...SETTINGS, ...settings },
      prefix,
    }
    const server = await startServer(plan)
    const supervisor = supervise(server, { ...plan, port: server.port }, log)
    const durationMs = Math.round(performance.now() - startedAt)
    log.info({ dataDir, port: server.port, created, uid: account.owner?.uid, durationMs }, 'embedded postgres ready')
    return {
      url: `postgres://troupe:${password}@127.0.0.1:${server.port}/troupe`,
      stop: async () => {
        await supervisor.stop()
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** One folder has one name here: a link to it must not hide that someone else is using it. */
async function prepareFolder(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true })
    await access(path, constants.W_OK)
    return await realpath(path)
  } catch (cause) {
    throw new AppError(
      'config.invalid',
      `The data folder ${path} cannot be written: set TROUPE_DATA_DIR to one of yours`,
      { cause, details: { path } },
    )
  }
}

/** Brings the server back on the same port when it ends unasked, since clients hold on to the URL. */
function supervise(first: RunningServer, plan: ServerPlan, log: EmbeddedOptions['log']) {
  const stopping = new AbortController()
  let current = first
  const watching = watch()

  async function watch(): Promise<void> {
    for (;;) {
      await current.ended
      if (stopping.signal.aborted) return
      log.error({ logFile: plan.logFile }, 'embedded postgres ended unasked')
      for (let attempt = 1; ; attempt++) {
        try {
          current = await startServer(plan)
          // stop() may have come while it was starting and has seen only the old one.
          if (stopping.signal.aborted) await current.stop()
          else log.warn({ port: plan.port, attempt }, 'embedded postgres is back')
          break
        } catch (error) {
          log.error({ error, attempt }, 'embedded postgres does not come back')
        }
        await pause(Math.min(attempt * 500, 10_000), undefined, { signal: stopping.signal, ref: false }).catch(
          () => undefined,
        )
        if (stopping.signal.aborted) return
      }
    }
  }

  return {
    async stop(): Promise<void> {
      stopping.abort()
      await current.stop()
      await watching
    },
  }
}
