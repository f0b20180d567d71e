import type { Address } from '../core/address.ts'
import { answer, type Fragment, type Sql } from './client.ts'

/** One instance of an agent as people query it; written in the commit of its own turns. */
export interface InstanceRow {
  address: Address
  team: string
  id: string
  agent: string
  version: string
  state: string
  /** Takes part in routing. */
  live: boolean
  waiting: number
  running: number
  succeeded: number
  failed: number
  aborted: number
}

/**
 * The projection of instances that were committed. A birth, a stop, a start or another version changes who hears events,
 * so the rules' revision moves in the same commit.
 */
export function instanceRows(sql: Sql, rows: readonly InstanceRow[]): { name: string; body: Fragment }[] {
  return [
    {
      name: 'written_instances',
      body: sql`
        insert into agent_instances as i (address, team, id, agent, version, state, live, waiting, running, succeeded, failed, aborted)
        select r.address, r.team, r.id, r.agent, r.version, r.state, r.live::boolean, r.waiting, r.running, r.succeeded, r.failed, r.aborted
        from unnest(
          ${rows.map((r) => r.address)}::text[], ${rows.map((r) => r.team)}::text[], ${rows.map((r) => r.id)}::text[],
          ${rows.map((r) => r.agent)}::text[], ${rows.map((r) => r.version)}::text[], ${rows.map((r) => r.state)}::text[],
          ${rows.map((r) => String(r.live))}::text[], ${rows.map((r) => r.waiting)}::integer[], ${rows.map((r) => r.running)}::integer[],
          ${rows.map((r) => r.succeeded)}::integer[], ${rows.map((r) => r.failed)}::integer[], ${rows.map((r) => r.aborted)}::integer[]
        ) as r(address, team, id, agent, version, state, live, waiting, running, succeeded, failed, aborted)
        join committed using (address)
        on conflict (address) do update
        set version = excluded.version, state = excluded.state, live = excluded.live, waiting = excluded.waiting,
          running = excluded.running, succeeded = excluded.succeeded, failed = excluded.failed, aborted = excluded.aborted,
          updated_at = clock_timestamp()`,
    },
    {
      name: 'moved_rules',
      body: sql`
        update rules_revision
        set revision = revision + 1
        where exists (
          select 1
          from unnest(
            ${rows.map((r) => r.address)}::text[], ${rows.map((r) => r.version)}::text[], ${rows.map((r) => String(r.live))}::text[]
          ) as r(address, version, live)
          join committed using (address)
          left join agent_instances i using (address)
          where i.address is null or i.version <> r.version or i.live <> r.live::boolean
        )`,
    },
  ]
}

/** An instance with the words of its definition and what its state holds. */
export interface InstanceView extends Omit<InstanceRow, 'failed'> {
  failures: number
  name: string
  nickname: string | null
  description: string
  status: string
  revision: number
  updatedAt: Date
  /** Who paused or stopped it, and why. */
  order: { by: string; reason: string } | null
  failed: { reason: string; task: { eventType: string } } | null
  /** Events that the policies of its triggers hold. */
  held: number
}

const view = (sql: Sql) => sql`
  select i.address, i.team, i.id, i.agent, i.version, i.state, i.live, i.waiting, i.running, i.succeeded, i.failed as "failures",
    i.aborted, a.status, a.revision, a.updated_at as "updatedAt", a.snapshot #> '{context,order}' as "order",
    a.snapshot #> '{context,failed,0}' as failed,
    coalesce(json_array_length(p.policy -> 'held'), 0) + coalesce((
      select sum(json_array_length(g -> 'items')) from json_array_elements(p.policy -> 'groups') g
    ), 0)::integer as held, r.definition #>> '{metadata,name}' as name,
    r.definition #>> '{metadata,nickname}' as nickname, r.definition #>> '{metadata,description}' as description
  from agent_instances i
  join actors a using (address)
  cross join lateral (select a.snapshot #> '{context,policy}' as policy) p
  join agent_registry r on r.team = i.team and r.id = i.agent and r.version = i.version`

/** What a list of instances is narrowed by: all that is named must hold. */
export interface InstanceFilter {
  ids?: readonly string[] | undefined
  state?: string | undefined
  agent?: string | undefined
  /** With a run that has not ended and works on this device. */
  device?: string | undefined
  /** Part of the id, or of the agent's id, name or nickname. */
  q?: string | undefined
}

const matching = (sql: Sql, team: string, { ids, state, agent, device, q }: InstanceFilter) => sql`
  i.team = ${team}
  ${ids === undefined ? sql`` : sql`and i.id = any(${ids})`}
  ${state === undefined ? sql`` : sql`and i.state = ${state}`}
  ${agent === undefined ? sql`` : sql`and i.agent = ${agent}`}
  ${
    device === undefined
      ? sql``
      : sql`and i.address in (
          select h.instance from agent_execution_history h where h.team = ${team} and h.device = ${device} and h.outcome is null)`
  }
  ${
    q === undefined
      ? sql``
      : sql`and (strpos(lower(i.id), lower(${q})) > 0 or strpos(lower(i.agent), lower(${q})) > 0 or (i.agent, i.version) in (
          select n.id, n.version from agent_registry n
          where n.team = ${team} and (strpos(lower(n.definition #>> '{metadata,name}'), lower(${q})) > 0
            or strpos(lower(n.definition #>> '{metadata,nickname}'), lower(${q})) > 0)))`
  }`

export async function listInstances(
  sql: Sql,
  team: string,
  filter: InstanceFilter & { after?: string; limit: number },
): Promise<InstanceView[]> {
  return answer(sql<InstanceView[]>`
    ${view(sql)}
    where ${matching(sql, team, filter)} and i.id > ${filter.after ?? ''}
    order by i.id
    limit ${filter.limit}`)
}

/** How many there are in each state, of those that fit. */
export async function countInstances(
  sql: Sql,
  team: string,
  filter: InstanceFilter,
): Promise<{ state: string; count: number }[]> {
  return answer(sql<{ state: string; count: number }[]>`
    select i.state, count(*) as count
    from agent_instances i
    where ${matching(sql, team, filter)}
    group by i.state
    order by i.state`)
}

/** Names of those that fit, by id. */
export async function selectInstances(
  sql: Sql,
  team: string,
  filter: InstanceFilter,
  limit: number,
): Promise<{ id: string; address: Address }[]> {
  return answer(sql<{ id: string; address: Address }[]>`
    select i.id, i.address
    from agent_instances i
    where ${matching(sql, team, filter)}
    order by i.id
    limit ${limit}`)
}

export async function findInstance(sql: Sql, team: string, id: string): Promise<InstanceView | undefined> {
  const [row] = await answer(sql<InstanceView[]>`
    ${view(sql)}
    where i.team = ${team} and i.id = ${id}`)
  return row
}

/** Instances, of all teams, that are not on the version their agent has published now. */
export async function listOutdated(
  sql: Sql,
): Promise<{ address: Address; team: string; agent: string; current: string }[]> {
  return answer(sql<{ address: Address; team: string; agent: string; current: string }[]>`
    select i.address, i.team, i.agent, a.current
    from agent_instances i
    join agents a on a.team = i.team and a.id = i.agent
    where a.current is not null and a.current <> i.version`)
}

/** Enabled agents with a published version that nobody has started yet. */
export async function listUnstarted(sql: Sql): Promise<{ team: string; agent: string; version: string }[]> {
  return answer(sql<{ team: string; agent: string; version: string }[]>`
    select a.team, a.id as agent, a.current as version
    from agents a
    where a.enabled and a.current is not null
      and not exists (select 1 from agent_instances i where i.team = a.team and i.agent = a.id)`)
}
