import type { Json } from '../core/json.ts'
import { answer, type Sql } from './client.ts'

export interface AuditRow {
  id: number
  at: Date
  principal: string
  action: string
  target: string
  details: Json
}

/** Rows are only ever added. */
export async function appendAudit(
  sql: Sql,
  entry: { team: string; principal: string; action: string; target: string; details: Json },
): Promise<void> {
  const { team, principal, action, target, details } = entry
  await answer(sql`
    insert into audit (team, principal, action, target, details)
    values (${team}, ${principal}, ${action}, ${target}, ${JSON.stringify(details)}::text::json)`)
}

/** Newest first; `before` is the id of the last one of the page before. */
export async function listAudit(sql: Sql, team: string, page: { before?: number; limit: number }): Promise<AuditRow[]> {
  return answer(sql<AuditRow[]>`
    select id, at, principal, action, target, details
    from audit
    where team = ${team}
      ${page.before === undefined ? sql`` : sql`and id < ${page.before}`}
    order by id desc
    limit ${page.limit}`)
}
