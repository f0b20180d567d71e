import { setImmediate as nextTurn } from 'node:timers/promises'
import { callbackify } from 'node:util'
import pg from 'pg'

/**
 * A connection that PostgreSQL ends in the very packet that opens it says so before anybody listens, and an error that
 * nobody hears ends the process. BullMQ listens only after it has connected (6.7, `getListenClient`): here such a connection
 * has failed to open, and is opened again.
 */
class QueueClient extends pg.Client {
  private lost: Error | undefined

  constructor(config?: pg.ClientConfig) {
    super(config)
    this.on('error', (error) => (this.lost ??= error))
  }

  override connect(): Promise<pg.Client>
  override connect(callback: (error: Error | null, client: pg.Client) => void): void
  override connect(callback?: (error: Error | null, client: pg.Client) => void): Promise<pg.Client> | void {
    if (!callback) return this.open()
    callbackify(() => this.open())(callback)
  }

  private async open(): Promise<pg.Client> {
    await super.connect()
    await nextTurn()
    if (this.lost) throw this.lost
    return this
  }
}

/** Connections for one queue, or for one that works on it and holds one to listen on. Whoever opens it ends it. */
export function openQueuePool(databaseUrl: string, schema: string): pg.Pool {
  return new pg.Pool({
    connectionString: databaseUrl,
    max: 4,
    application_name: 'troupe-queue',
    keepAlive: true,
    options: `-c search_path=${schema}`,
    Client: QueueClient,
  })
}
