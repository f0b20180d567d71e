import { answer, type Sql } from './client.ts'

export interface AuditSeal {
  number: number
  /** The last entry that it covers. */
  upTo: number
  entries: number
  /** Microseconds since the epoch. */
  sealedAt: number
  keyId: string
  mac: string
}

/** What is covered by a seal, as it stands there now. */
export interface Covered {
  entries: number
  /** SHA-256 of all that the entries say, in their order. */
  digest: string
}

/** More than that gets several seals, so that what retention leaves of the oldest one is little. */
const MOST = 1_000

const digest = (sql: Sql) => sql`
  encode(sha256(convert_to(coalesce(string_agg(
    json_build_array(a.id, (extract(epoch from a.at) * 1000000)::bigint, a.team, a.principal, a.action, a.target, a.details::text)::text,
    chr(10) order by a.id), ''), 'UTF8')), 'hex')`

export async function lastSeal(sql: Sql): Promise<AuditSeal | undefined> {
  const [row] = await answer(sql<AuditSeal[]>`
    select number, up_to as "upTo", entries, sealed_at as "sealedAt", key_id as "keyId", mac
    from audit_seals
    order by number desc
    limit 1`)
  return row
}

/** The next entries that no seal covers; none when all are. Throws `database.unavailable` while somebody holds the table. */
export async function listUnsealed(
  sql: Sql,
  after: number,
): Promise<(Covered & { upTo: number; now: number }) | undefined> {
  const [waiting] = await answer(sql`select 1 from audit where id > ${after} limit 1`)
  if (!waiting) return undefined
  const [settled] = await answer(sql<{ upTo: number | null }[]>`select audit_settled() as "upTo"`)
  const [row] = await answer(sql<{ upTo: number | null; entries: number; digest: string; now: number }[]>`
    select max(a.id) as "upTo", count(*)::int as entries, ${digest(sql)} as digest,
      (extract(epoch from clock_timestamp()) * 1000000)::bigint as now
    from (select * from audit where id > ${after} and id <= ${settled?.upTo ?? 0} order by id limit ${MOST}) a`)
  return row && row.upTo !== null ? { ...row, upTo: row.upTo } : undefined
}

/** False: another process was there first. */
export async function appendSeal(
  sql: Sql,
  { number, upTo, entries, sealedAt, keyId, mac }: AuditSeal,
): Promise<boolean> {
  const rows = await answer(sql`
    insert into audit_seals (number, up_to, entries, sealed_at, key_id, mac)
    values (${number}, ${upTo}, ${entries}, ${sealedAt}, ${keyId}, ${mac})
    on conflict do nothing
    returning number`)
  return rows.length === 1
}

/** Seals in their order, each with what it covers now. */
export async function listSeals(sql: Sql, after: number, limit: number): Promise<(AuditSeal & { found: Covered })[]> {
  const rows = await answer(sql<(AuditSeal & { count: number; digest: string })[]>`
    select s.number, s.up_to as "upTo", s.entries, s.sealed_at as "sealedAt", s.key_id as "keyId", s.mac,
      count(a.id)::int as count, ${digest(sql)} as digest
    from (select * from audit_seals where number > ${after} order by number limit ${limit}) s
    left join audit_seals before on before.number = s.number - 1
    left join audit a on a.id > coalesce(before.up_to, 0) and a.id <= s.up_to
    group by s.number, s.up_to, s.entries, s.sealed_at, s.key_id, s.mac
    order by s.number`)
  return rows.map(({ count, digest: found, ...seal }) => ({ ...seal, found: { entries: count, digest: found } }))
}

/** Entries that no seal covers yet, and how old the oldest of them is, in seconds. */
export async function countUnsealed(sql: Sql): Promise<{ entries: number; ageS: number }> {
  const [row] = await answer(sql<{ entries: number; ageS: number }[]>`
    select count(*)::int as entries, coalesce(extract(epoch from clock_timestamp() - min(at)), 0)::float8 as "ageS"
    from audit
    where id > coalesce((select max(up_to) from audit_seals), 0)`)
  return row ?? { entries: 0, ageS: 0 }
}
