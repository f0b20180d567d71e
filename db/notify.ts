import { answer, type Sql } from './client.ts'

const CHANNEL = 'troupe_live'

/**
 * Tells every listening process; lost when nobody listens, which costs a reader nothing but time. There is nothing in it to
 * keep, so nobody waits for the disk either.
 */
export async function notify(sql: Sql, payload: string): Promise<void> {
  await answer(sql`select set_config('synchronous_commit', 'off', true), pg_notify(${CHANNEL}, ${payload})`)
}

/** Listens until stopped; `onConnected` is called again after each reconnect, since notices were lost meanwhile. */
export function listen(
  sql: Sql,
  onPayload: (payload: string) => void,
  onConnected: () => void,
): Promise<{ stop(): Promise<void> }> {
  return sql.listen(CHANNEL, onPayload, onConnected)
}
