import type { Json } from '../core/json.ts'
import { answer, type Sql } from './client.ts'

export type VersionStatus = 'draft' | 'published' | 'deprecated'

/** One version of an agent, without its text. */
export interface VersionRow {
  id: string
  version: string
  status: VersionStatus
  contentHash: string
  createdAt: Date
  publishedAt: Date | null
  definition: Json
}

const columns = (sql: Sql) => sql`
  id, version, status, content_hash as "contentHash", created_at as "createdAt", published_at as "publishedAt", definition`

export async function listVersions(sql: Sql, team: string, id: string): Promise<VersionRow[]> {
  return answer(sql<VersionRow[]>`
    select ${columns(sql)}
    from agent_registry
    where team = ${team} and id = ${id}`)
}

export async function findVersion(
  sql: Sql,
  team: string,
  id: string,
  version: string,
): Promise<VersionRow | undefined> {
  const [row] = await answer(sql<VersionRow[]>`
    select ${columns(sql)}
    from agent_registry
    where team = ${team} and id = ${id} and version = ${version}`)
  return row
}

/** The text as it came in. */
export async function findSource(sql: Sql, team: string, id: string, version: string): Promise<string | undefined> {
  const [row] = await answer(sql<{ source: string }[]>`
    select source
    from agent_registry
    where team = ${team} and id = ${id} and version = ${version}`)
  return row?.source
}

/** What a list of agents shows of each version; `switched` is the operator's word, null before anybody gave one. */
export interface VersionSummary {
  id: string
  version: string
  status: VersionStatus
  metadata: { name: string; nickname?: string; description: string; tags: string[] }
  /** The definition's `config.enabled`. */
  enabled: boolean
  current: string | null
  switched: boolean | null
}

/** All versions of a team's agents, or of one. */
export async function summariseVersions(sql: Sql, team: string, id?: string): Promise<VersionSummary[]> {
  return answer(sql<VersionSummary[]>`
    select r.id, r.version, r.status, r.definition -> 'metadata' as metadata,
      (r.definition -> 'config' ->> 'enabled')::boolean as enabled, a.current, a.enabled as switched
    from agent_registry r
    left join agents a on a.team = r.team and a.id = r.id
    where r.team = ${team}
      ${id === undefined ? sql`` : sql`and r.id = ${id}`}
    order by r.id`)
}

export async function listPublished(sql: Sql, team: string): Promise<{ id: string; version: string }[]> {
  return answer(sql<{ id: string; version: string }[]>`
    select id, version
    from agent_registry
    where team = ${team} and status = 'published'`)
}

export interface NewVersion {
  team: string
  id: string
  version: string
  source: string
  contentHash: string
  definition: Json
}

/** Stores a draft, or puts it in place of a draft of the same version. False: that version is there and stays as it is. */
export async function saveDraft(sql: Sql, draft: NewVersion): Promise<boolean> {
  const rows = await answer(sql`
    insert into agent_registry as r (team, id, version, status, source, content_hash, definition)
    values (${draft.team}, ${draft.id}, ${draft.version}, 'draft', ${draft.source}, ${draft.contentHash},
      ${JSON.stringify(draft.definition)}::text::json)
    on conflict (team, id, version) do update
    set source = excluded.source, content_hash = excluded.content_hash, definition = excluded.definition,
      created_at = clock_timestamp()
    where r.status = 'draft' and r.content_hash <> excluded.content_hash
    returning 1`)
  return rows.length === 1
}

export interface VersionState {
  version: string
  state: VersionStatus
  contentHash: string
}

/** The states of an agent's versions, and the rules' revision at that moment. */
export async function readStates(
  sql: Sql,
  team: string,
  id: string,
): Promise<{ revision: number; versions: VersionState[] }> {
  const rows = await answer(sql<({ revision: number } & (VersionState | { version: null }))[]>`
    select u.revision, r.version, r.status as state, r.content_hash as "contentHash"
    from rules_revision u
    left join agent_registry r on r.team = ${team} and r.id = ${id}`)
  const versions = rows.flatMap((row) => (row.version === null ? [] : [row]))
  return { revision: rows[0]?.revision ?? 0, versions }
}

export interface VersionMove {
  team: string
  id: string
  version: string
  /** The content that was looked at: a draft may have been replaced meanwhile. */
  contentHash: string
  to: 'published' | 'deprecated'
  /** Where the agent points afterwards. */
  current: string | null
  revision: number
}

/**
 * Moves a version to another state and the agent's pointer with it, and the rules' revision in the same statement. False
 * when that content, or anything that routing depends on, has changed since it was read: the caller reads again.
 */
export async function moveVersion(sql: Sql, move: VersionMove): Promise<boolean> {
  const { team, id, version, contentHash, to, current, revision } = move
  const rows = await answer(sql`
    with fenced as (
      update rules_revision
      set revision = revision + 1
      where revision = ${revision}
      returning revision
    ),
    moved as (
      update agent_registry r
      set status = ${to}::text, published_at = case when ${to}::text = 'published' then clock_timestamp() else r.published_at end
      from fenced
      where r.team = ${team} and r.id = ${id} and r.version = ${version} and r.content_hash = ${contentHash}
      returning r.definition
    ),
    pointed as (
      insert into agents as a (team, id, current, enabled)
      select ${team}, ${id}, ${current}, (definition -> 'config' ->> 'enabled')::boolean
      from moved
      on conflict (team, id) do update
      set current = excluded.current
    )
    select 1 from moved`)
  return rows.length === 1
}

/** Turns an agent's switch, in the same statement with the rules' revision. False: there is no such agent. */
export async function switchAgent(sql: Sql, team: string, id: string, enabled: boolean): Promise<boolean> {
  const rows = await answer(sql`
    with known as (select 1 from agent_registry where team = ${team} and id = ${id} limit 1),
    switched as (
      insert into agents (team, id, current, enabled)
      select ${team}, ${id}, null, ${String(enabled)}::text::boolean
      from known
      on conflict (team, id) do update
      set enabled = excluded.enabled
    )
    update rules_revision
    set revision = revision + 1
    where exists (select 1 from known)
    returning revision`)
  return rows.length === 1
}

/** Removes a draft; with the last version goes what is known of the agent. False: there is no such draft. */
export async function deleteDraft(sql: Sql, team: string, id: string, version: string): Promise<boolean> {
  const rows = await answer(sql`
    with gone as (
      delete from agent_registry
      where team = ${team} and id = ${id} and version = ${version} and status = 'draft'
      returning version
    ),
    forgotten as (
      delete from agents
      where team = ${team} and id = ${id}
        and exists (select 1 from gone)
        and not exists (select 1 from agent_registry where team = ${team} and id = ${id} and version <> ${version})
    )
    select version from gone`)
  return rows.length === 1
}
