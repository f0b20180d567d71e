import type { Address } from '../core/address.ts'
import type { StoredSnapshot } from '../core/effect.ts'
import type { Json } from '../core/json.ts'
import { answer, type Sql } from './client.ts'

export type ActorStatus = 'active' | 'done' | 'error' | 'stopped' | 'parked'

/** One durable actor as it is stored. */
export interface ActorRow {
  address: Address
  kind: string
  key: string
  status: ActorStatus
  revision: number
  snapshot: StoredSnapshot
  machineHash: string
  version: string
  parent: Address | null
  childId: string | null
  root: Address
  systemId: string | null
  team: string
  /** Why it is parked: `{ message, hash }`. */
  parked: Json
  createdAt: Date
  updatedAt: Date
}

const columns = (sql: Sql) => sql`
  address, kind, key, status, revision, snapshot, machine_hash as "machineHash", version, parent,
  child_id as "childId", root, system_id as "systemId", team, parked,
  created_at as "createdAt", updated_at as "updatedAt"`

export async function findActors(sql: Sql, addresses: readonly Address[]): Promise<Map<Address, ActorRow>> {
  const rows = await answer(sql<ActorRow[]>`
    select ${columns(sql)}
    from actors
    where address = any(${addresses as string[]})`)
  return new Map(rows.map((row) => [row.address, row]))
}

export async function findActor(sql: Sql, address: Address): Promise<ActorRow | undefined> {
  return (await findActors(sql, [address])).get(address)
}

/** What a list shows of an actor: of its snapshot, the state alone. */
export interface ListedActor {
  address: Address
  kind: string
  key: string
  status: string
  value: Json
  revision: number
  updatedAt: Date
}

/** By address, in pages: `after` is the last address of the page before. */
export async function listActors(
  sql: Sql,
  team: string,
  filter: { kind?: string; status?: string; after?: string; limit: number },
): Promise<ListedActor[]> {
  return answer(sql<ListedActor[]>`
    select address, kind, key, status, value, revision, updated_at as "updatedAt"
    from actors
    where address > ${filter.after ?? ''} and team = ${team}
      ${filter.kind === undefined ? sql`` : sql`and kind = ${filter.kind}`}
      ${filter.status === undefined ? sql`` : sql`and status = ${filter.status}`}
    order by address
    limit ${filter.limit}`)
}

/** Which of these addresses somebody has, and the database's time. */
export async function findPresent(
  sql: Sql,
  addresses: readonly Address[],
): Promise<{ present: ReadonlySet<Address>; now: Date }> {
  const [row] = await answer(sql<{ present: Address[]; now: Date }[]>`
    select coalesce(array_agg(address), '{}') as present, clock_timestamp() as now
    from actors
    where address = any(${addresses as string[]})`)
  return { present: new Set(row?.present), now: row?.now ?? new Date() }
}

/** The actors behind XState's system ids; each id is looked for inside one family (`root`). The youngest has the name. */
export async function findBySystemId(
  sql: Sql,
  wanted: readonly { root: Address; systemId: string }[],
): Promise<{ root: Address; systemId: string; address: Address }[]> {
  return answer(sql<{ root: Address; systemId: string; address: Address }[]>`
    select distinct on (a.root, a.system_id) a.root, a.system_id as "systemId", a.address
    from unnest(${wanted.map((w) => w.root)}::text[], ${wanted.map((w) => w.systemId)}::text[]) as w(root, system_id)
    join actors a on a.root = w.root and a.system_id = w.system_id
    where a.status in ('active', 'parked')
    order by a.root, a.system_id, a.created_at desc`)
}

/** Actors that live or are parked, by kind, version and state, with one of each to try. */
export async function listLiveStates(sql: Sql): Promise<
  {
    kind: string
    version: string
    value: Json
    actors: number
    parked: number
    example: Pick<ActorRow, 'address' | 'snapshot' | 'version' | 'machineHash'>
  }[]
> {
  return answer(sql`
    select g.kind, g.version, g.value::json as value, g.actors, g.parked,
      json_build_object('address', a.address, 'snapshot', a.snapshot, 'version', a.version, 'machineHash', a.machine_hash) as example
    from (
      select kind, version, machine_hash, value::text as value, count(*)::int as actors,
        count(*) filter (where status = 'parked')::int as parked, min(address) as address
      from actors
      where status in ('active', 'parked')
      group by kind, version, machine_hash, value::text
    ) g
    join actors a on a.address = g.address
    order by g.kind, g.version, g.value`)
}

/**
 * Wakes actors that another definition of their machine parked at least `parkedMs` ago: the present one gets a chance.
 */
export async function unparkActors(
  sql: Sql,
  machines: readonly { kind: string; hash: string }[],
  parkedMs: number,
): Promise<Address[]> {
  const rows = await answer(sql<{ address: Address }[]>`
    update actors a
    set status = 'active', parked = null, updated_at = clock_timestamp()
    from unnest(${machines.map((m) => m.kind)}::text[], ${machines.map((m) => m.hash)}::text[]) as m(kind, hash)
    where a.kind = m.kind and a.status = 'parked' and a.parked ->> 'hash' is distinct from m.hash
      and a.updated_at <= clock_timestamp() - ${parkedMs} * interval '1 ms'
    returning a.address`)
  return rows.map((row) => row.address)
}

/** Takes one out of service whose row makes no sense; its revision becomes one that a row may have. */
export async function parkActor(sql: Sql, address: Address, why: { message: string; hash: string }): Promise<void> {
  await answer(sql`
    update actors
    set status = 'parked', revision = greatest(revision, 1), parked = ${JSON.stringify(why)}::text::json,
      updated_at = clock_timestamp()
    where address = ${address} and revision < 1`)
}
