import { answer, type Sql } from './client.ts'

/** A secret and when it ends, in milliseconds since the epoch; null: it does not. `secret`: before secrets were sealed. */
export type StoredSecret = ({ sealed: string } | { secret: string }) & { until: number | null }

/** A sender that is known by its signature. */
export interface SourceRow {
  team: string
  id: string
  kind: string
  scheme: string
  /** The newest first. */
  secrets: StoredSecret[]
  createdAt: Date
  updatedAt: Date
  lastUsedAt: Date | null
}

const columns = (sql: Sql) => sql`
  team, id, kind, scheme, secrets, created_at as "createdAt", updated_at as "updatedAt", last_used_at as "lastUsedAt"`

/** Makes a source, or gives one another kind, scheme and secret at once. */
export async function putSource(
  sql: Sql,
  { team, id, kind, scheme, sealed }: { team: string; id: string; kind: string; scheme: string; sealed: string },
): Promise<SourceRow | undefined> {
  const secrets = JSON.stringify([{ sealed, until: null }])
  const [row] = await answer(sql<SourceRow[]>`
    insert into sources (team, id, kind, scheme, secrets)
    values (${team}, ${id}, ${kind}, ${scheme}, ${secrets}::text::json)
    on conflict (team, id) do update
    set kind = excluded.kind, scheme = excluded.scheme, secrets = excluded.secrets, updated_at = clock_timestamp()
    returning ${columns(sql)}`)
  return row
}

/** Puts a new secret before the newest one, which stays good for `graceMs`; older ones go. Undefined: no such source. */
export async function rotateSecret(
  sql: Sql,
  { team, id, sealed, graceMs }: { team: string; id: string; sealed: string; graceMs: number },
): Promise<SourceRow | undefined> {
  const [row] = await answer(sql<SourceRow[]>`
    update sources
    set updated_at = clock_timestamp(),
      secrets = json_build_array(
        json_build_object('sealed', ${sealed}::text, 'until', null),
        (secrets -> 0)::jsonb
          || jsonb_build_object('until', floor(extract(epoch from clock_timestamp()) * 1000 + ${graceMs}::float8))
      )
    where team = ${team} and id = ${id}
    returning ${columns(sql)}`)
  return row
}

/** With every secret that is stored, also one that has ended. */
export async function findSource(sql: Sql, team: string, id: string): Promise<SourceRow | undefined> {
  const [row] = await answer(sql<SourceRow[]>`
    select ${columns(sql)}
    from sources
    where team = ${team} and id = ${id}`)
  return row
}

export async function listSources(sql: Sql, team: string): Promise<SourceRow[]> {
  return answer(sql<SourceRow[]>`
    select ${columns(sql)}
    from sources
    where team = ${team}
    order by id`)
}

/** False: the team has no such source. */
export async function deleteSource(sql: Sql, team: string, id: string): Promise<boolean> {
  const rows = await answer(sql`delete from sources where team = ${team} and id = ${id} returning id`)
  return rows.length === 1
}

/** Writes its last use down, at most once a minute. */
export async function noteUse(sql: Sql, team: string, id: string): Promise<void> {
  await answer(sql`
    update sources
    set last_used_at = clock_timestamp()
    where team = ${team} and id = ${id} and (last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute')`)
}

/** Of all teams. */
export async function listAllSources(sql: Sql): Promise<SourceRow[]> {
  return answer(sql<SourceRow[]>`
    select ${columns(sql)}
    from sources
    order by team, id`)
}

/** The same secrets in another form; changes nothing where they are others by now. */
export async function replaceSecrets(
  sql: Sql,
  { team, id, secrets: before }: Pick<SourceRow, 'team' | 'id' | 'secrets'>,
  secrets: readonly StoredSecret[],
): Promise<void> {
  await answer(sql`
    update sources
    set secrets = ${JSON.stringify(secrets)}::text::json
    where team = ${team} and id = ${id} and secrets::jsonb = ${JSON.stringify(before)}::text::jsonb`)
}
