import type { Role } from '../core/principal.ts'
import { answer, type Sql } from './client.ts'

/** A key, without the key: only its SHA-256 is stored. */
export interface KeyRow {
  id: string
  team: string
  name: string
  role: Role
  /** How it begins; null for one that was made before this was kept. */
  hint: string | null
  createdAt: Date
  lastUsedAt: Date | null
  expiresAt: Date | null
  revokedAt: Date | null
}

const columns = (sql: Sql) => sql`
  id, team, name, role, hint, created_at as "createdAt", last_used_at as "lastUsedAt", expires_at as "expiresAt",
  revoked_at as "revokedAt"`

const isLive = (sql: Sql) => sql`revoked_at is null and (expires_at is null or expires_at > clock_timestamp())`

/** Stores a key; the same hash once, whatever became of it. Undefined when it was there. */
export async function insertKey(
  sql: Sql,
  key: {
    id: string
    team: string
    name: string
    role: Role
    hash: string
    hint: string
    expiresAt?: Date | undefined
  },
): Promise<KeyRow | undefined> {
  const [row] = await answer(sql<KeyRow[]>`
    insert into api_keys (id, team, name, role, hash, hint, expires_at)
    values (${key.id}, ${key.team}, ${key.name}, ${key.role}, ${key.hash}, ${key.hint}, ${key.expiresAt ?? null})
    on conflict (hash) do nothing
    returning ${columns(sql)}`)
  return row
}

/**
 * Puts a new key in the place of one that is live, which then ends after `graceMs`, or at its own end if that is sooner.
 * The new one has its name, team, role and, unless told otherwise, no end. Undefined: there is no such live key.
 */
export async function replaceKey(
  sql: Sql,
  team: string | null,
  id: string,
  key: { id: string; hash: string; hint: string; graceMs: number; expiresAt?: Date | undefined },
): Promise<KeyRow | undefined> {
  const [row] = await answer(sql<KeyRow[]>`
    with old as (
      update api_keys
      set expires_at = least(expires_at, clock_timestamp() + ${key.graceMs}::float8 * interval '1 ms')
      where team = coalesce(${team}::text, team) and id = ${id} and ${isLive(sql)}
      returning team, name, role
    )
    insert into api_keys (id, team, name, role, hash, hint, expires_at)
    select ${key.id}, team, name, role, ${key.hash}, ${key.hint}, ${key.expiresAt ?? null}::timestamptz
    from old
    returning ${columns(sql)}`)
  return row
}

/**
 * Whose key or session it is; undefined for one that is unknown, revoked or has ended. The key's last use is written down
 * at most once a minute.
 */
export async function useKey(sql: Sql, hash: string): Promise<{ name: string; team: string; role: Role } | undefined> {
  const [row] = await answer(sql<{ name: string; team: string; role: Role }[]>`
    with shown as (
      select id from api_keys where hash = ${hash}
      union all
      select key_id from sessions where hash = ${hash} and expires_at > clock_timestamp()
    ),
    used as (
      update api_keys
      set last_used_at = clock_timestamp()
      where id in (select id from shown) and ${isLive(sql)}
        and (last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute')
    )
    select name, team, role
    from api_keys
    where id in (select id from shown) and ${isLive(sql)}`)
  return row
}

/** True once a key was made, also when all are revoked by now: a platform never opens again by itself. */
export async function hasKeys(sql: Sql): Promise<boolean> {
  const [row] = await answer(sql<{ found: boolean }[]>`select exists (select 1 from api_keys) as found`)
  return row?.found === true
}

/** A key of one team, or of any (`null`). */
export async function findKey(sql: Sql, team: string | null, id: string): Promise<KeyRow | undefined> {
  const [row] = await answer(sql<KeyRow[]>`
    select ${columns(sql)}
    from api_keys
    where team = coalesce(${team}::text, team) and id = ${id}`)
  return row
}

/** Keys of one team, or of all (`null`). */
export async function listKeys(sql: Sql, team: string | null): Promise<KeyRow[]> {
  return answer(sql<KeyRow[]>`
    select ${columns(sql)}
    from api_keys
    where team = coalesce(${team}::text, team)
    order by created_at, id`)
}

/** Ends a key and its sessions at once; a second time changes nothing. False: the team, or with `null` any team, has no such key. */
export async function revokeKey(sql: Sql, team: string | null, id: string): Promise<boolean> {
  const rows = await answer(sql`
    update api_keys
    set revoked_at = coalesce(revoked_at, clock_timestamp())
    where team = coalesce(${team}::text, team) and id = ${id}
    returning id`)
  return rows.length === 1
}
