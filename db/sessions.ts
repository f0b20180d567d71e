import { answer, type Sql } from './client.ts'

/** Opens a session for whoever has the key with this hash; false when the key is not good. */
export async function insertSession(sql: Sql, keyHash: string, hash: string, lastsMs: number): Promise<boolean> {
  const rows = await answer(sql`
    insert into sessions (hash, key_id, expires_at)
    select ${hash}, id, least(expires_at, clock_timestamp() + ${lastsMs}::float8 * interval '1 ms')
    from api_keys
    where hash = ${keyHash} and revoked_at is null and (expires_at is null or expires_at > clock_timestamp())
    returning hash`)
  return rows.length === 1
}

/** Ends a session; one that is not there is as good as ended. */
export async function deleteSession(sql: Sql, hash: string): Promise<void> {
  await answer(sql`delete from sessions where hash = ${hash}`)
}

/** Drops those that have ended by themselves. */
export async function forgetSessions(sql: Sql): Promise<void> {
  await answer(sql`delete from sessions where expires_at < clock_timestamp()`)
}
