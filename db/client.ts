import postgres from 'postgres'
import { AppError } from '../core/errors.ts'
import { arrayTypes } from './array-types.ts'

export type Sql = postgres.Sql<{ bigint: number }>
/** A piece of a statement, built with `sql` and used inside another. */
export type Fragment = postgres.PendingQuery<postgres.Row[]>

/** No statement of ours takes long: one that does has lost its server. */
const STATEMENT_MS = 8_000
const DEADLINE_MS = 10_000
/** How long to wait before the next try to connect; by default postgres.js goes up to 20 s. */
const LONGEST_BACKOFF_S = 1

/**
 * A connection of postgres.js 3.4 that dies with a half-written statement never sends again, unless there are 1,024 bytes
 * to send: so the first message of each connection is at least that long. To Postgres these spaces mean nothing.
 */
const PADDING = ' '.repeat(1_024)

/** Opens the pool. Nothing connects before the first query. */
export function connect(url: string, options: { max?: number; name?: string } = {}): Sql {
  return postgres(url, {
    max: options.max ?? 8,
    connect_timeout: 5,
    backoff: (retries) => Math.min(LONGEST_BACKOFF_S, 0.05 * 2 ** retries) * (0.5 + Math.random() / 2),
    idle_timeout: 0,
    max_lifetime: null,
    onnotice: () => undefined,
    fetch_types: false,
    // Revisions, tokens and sequences stay far below 2^53.
    types: { ...arrayTypes, bigint: { to: 20, from: [20], serialize: String, parse: Number } },
    connection: {
      application_name: options.name ?? 'troupe',
      statement_timeout: STATEMENT_MS,
      // An acknowledged event must survive a power cut (reliability: 133 of 13,950 lost with `off`).
      synchronous_commit: 'on',
      options: PADDING,
    },
  })
}

/**
 * Waits for a query with a deadline of our own: postgres.js has none, and a frozen server would hold the caller for
 * ever. Connection failures come out as `database.unavailable`; whether the statement was committed is then unknown.
 */
export async function answer<T>(query: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    // Not cancelled: postgres.js would ask over a new connection, and leave its failure unhandled.
    timer = setTimeout(() => {
      reject(new AppError('database.unavailable', `Postgres did not answer within ${DEADLINE_MS} ms`))
    }, DEADLINE_MS)
  })
  try {
    return await Promise.race([query, deadline])
  } catch (error) {
    throw translate(error)
  } finally {
    clearTimeout(timer)
  }
}

/** Connection classes of Postgres and the codes of postgres.js and Node that mean "not now". */
const UNAVAILABLE = /^(08|57P0|53|25006$|CONNECTION_|CONNECT_TIMEOUT|ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH)/
/** Serialization failure, deadlock, lock timeout, statement timeout: the same statement may pass the next time. */
const CONFLICT = /^(40001|40P01|55P03|57014)$/

function translate(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error
  const code = 'code' in error ? String(error.code) : ''
  if (UNAVAILABLE.test(code) || CONFLICT.test(code)) {
    return new AppError('database.unavailable', `Postgres is not available: ${error.message}`, {
      cause: error,
      details: { code },
    })
  }
  return error
}

/** True for a statement that Postgres refuses because of its values or their size: trying it again cannot help. */
export function isRefusedValue(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(22|23|54)/.test(String(error.code))
}

/** True when Postgres gave the statement up in favour of another one: it changed nothing, and may pass at once. */
export function isConflict(error: unknown): boolean {
  return error instanceof AppError && /^(40001|40P01|55P03)$/.test(String(error.details['code']))
}

/** The time that counts: the database's. */
export async function databaseTime(sql: Sql): Promise<Date> {
  const [row] = await answer(sql<{ now: Date }[]>`select clock_timestamp() as now`)
  return row?.now ?? new Date()
}
