import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { createLog } from '../core/log.ts'
import { startEmbeddedPostgres } from '../db/embedded.ts'

export interface Database {
  /** Without a proxy. */
  url: string
  port: number
  /** The same server, at another port. */
  urlAt(port: number): string
  /** What the server says. */
  logFile: string
  postmaster(): Promise<number>
  /** One statement on a connection of its own that no fault is aimed at; it is tried again while the server is away. */
  ask<Row extends object = Record<string, unknown>>(text: string, values?: unknown[]): Promise<Row[]>
  /** A connection for as long as wanted. */
  connect(): Promise<pg.Client>
  /** What its process finds in its environment, from its next start on. */
  setEnv(env: Readonly<Record<string, string>>): void
  stop(): Promise<void>
}

const OURS = 'chaos'

/** A PostgreSQL of our own, which comes back by itself when it is killed. */
export async function createDatabase(
  dataDir: string,
  firstEnv: Readonly<Record<string, string>> = {},
): Promise<Database> {
  const settings = { max_connections: '120', max_wal_size: '64MB', min_wal_size: '32MB', shared_buffers: '64MB' }
  let env = firstEnv
  const server = await startEmbeddedPostgres({
    dataDir,
    log: createLog('fatal'),
    settings,
    prefix: () => prefixOf(env),
  })
  const url = new URL(server.url)
  let client: pg.Client | undefined

  async function connect(): Promise<pg.Client> {
    const fresh = new pg.Client({
      connectionString: server.url,
      application_name: OURS,
      options: '-c default_transaction_read_only=off -c lock_timeout=0',
      query_timeout: 60_000,
    })
    fresh.on('error', () => undefined)
    await fresh.connect()
    return fresh
  }

  async function once<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
    client ??= await connect()
    try {
      return (await client.query<Row>(text, values)).rows
    } catch (error) {
      if (error instanceof pg.DatabaseError && !/^(57|53|08)/.test(error.code ?? '')) throw error
      void client?.end().catch(() => undefined)
      client = undefined
      throw new Away(String(error))
    }
  }

  return {
    url: server.url,
    port: Number(url.port),
    urlAt(port) {
      const other = new URL(server.url)
      other.port = String(port)
      return other.href
    },
    logFile: join(dataDir, 'postgres.log'),
    async postmaster() {
      const [pid] = (await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n')
      return Number(pid)
    },
    async ask<Row extends object>(text: string, values: unknown[] = []) {
      const patience = performance.now() + 60_000
      for (;;) {
        try {
          return await once<Row>(text, values)
        } catch (error) {
          const away = error instanceof Away || (error instanceof Error && !(error instanceof pg.DatabaseError))
          const busy = error instanceof pg.DatabaseError && /^(57P|53)/.test(error.code ?? '')
          if ((!away && !busy) || performance.now() > patience) throw error
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      }
    },
    connect,
    setEnv: (wanted) => {
      env = wanted
    },
    async stop() {
      await client?.end().catch(() => undefined)
      await server.stop()
    },
  }
}

/** Not the environment itself: it would reach whatever runs as somebody else before the server. */
function prefixOf(env: Readonly<Record<string, string>>): string[] {
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  return set.length === 0 ? [] : ['env', ...set]
}

class Away extends Error {}
