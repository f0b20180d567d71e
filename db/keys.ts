import type { Role } from '../core/principal.ts'
import { answer, type Sql } from './client.ts'

/** A key, without the key: only its SHA-256 is stored. */
export interface KeyRow {
  id: string
  team: string
  name: string
  role: Role
  createdAt: Date
  lastUsedAt: Date | null
  revokedAt: Date | null
}

const columns = (sql: Sql) => sql`
  id, team, name, role, created_at as "createdAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt"`

/** Stores a key; the same hash once, whatever became of it. Undefined when it was there. */
export async function insertKey(
  sql: Sql,
  key: { id: string; team: string; name: string; role: Role; hash: string },
): Promise<KeyRow | undefined> {
  const [row] = await answer(sql<KeyRow[]>`
    insert into api_keys (id, team, name, role, hash)
    values (${key.id}, ${key.team}, ${key.name}, ${key.role}, ${key.hash})
    on conflict (hash) do nothing
    returning ${columns(sql)}`)
  return row
}

/** Whose key it is; undefined for an unknown or revoked one. Its last use is written down at most once a minute. */
export async function useKey(sql: Sql, hash: string): Promise<{ name: string; team: string; role: Role } | undefined> {
  const [row] = await answer(sql<{ name: string; team: string; role: Role }[]>`
    with used as (
      update api_keys
      set last_used_at = clock_timestamp()
      where hash = ${hash} and revoked_at is null
        and (last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute')
    )
    select name, team, role
    from api_keys
    where hash = ${hash} and revoked_at is null`)
  return row
}

/** True once a key was made, also when all are revoked by now: a platform never opens again by itself. */
export async function hasKeys(sql: Sql): Promise<boolean> {
  const [row] = await answer(sql<{ found: boolean }[]>`select exists (select 1 from api_keys) as found`)
  return row?.found === true
}

/** Keys of one team, or of all (`null`). */
export async function listKeys(sql: Sql, team: string | null): Promise<KeyRow[]> {
  return answer(sql<KeyRow[]>`
    select ${columns(sql)}
    from api_keys
    where team = coalesce(${team}::text, team)
    order by created_at, id`)
}

/** Ends a key at once; a second time changes nothing. False: the team, or with `null` any team, has no such key. */
export async function revokeKey(sql: Sql, team: string | null, id: string): Promise<boolean> {
  const rows = await answer(sql`
    update api_keys
    set revoked_at = coalesce(revoked_at, clock_timestamp())
    where team = coalesce(${team}::text, team) and id = ${id}
    returning id`)
  return rows.length === 1
}
