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

/** What a list of the audit is narrowed by. */
export interface AuditFilter {
  principal?: string | undefined
  /** `agent.publish`, or all of a thing: `agent`. */
  action?: string | undefined
  /** An id; an actor's address also stands for the thing of that kind that its key names. */
  target?: string | undefined
  /** Beginnings of actions that are left out. */
  without?: readonly string[] | undefined
}

/** Newest first; `before` is the id of the last one of the page before. */
export async function listAudit(
  sql: Sql,
  team: string,
  page: AuditFilter & { before?: number; limit: number },
): Promise<AuditRow[]> {
  const { target, principal, action, without = [], before, limit } = page
  const slash = target?.indexOf('/') ?? -1
  const [kind, key] = target === undefined || slash < 0 ? ['', ''] : [target.slice(0, slash), target.slice(slash + 1)]
  return answer(sql<AuditRow[]>`
    select id, at, principal, action, target, details
    from audit
    where team = ${team}
      ${target === undefined ? sql`` : sql`and (target = ${target} or (target = ${key} and starts_with(action, ${`${kind}.`})))`}
      ${principal === undefined ? sql`` : sql`and principal = ${principal}`}
      ${action === undefined ? sql`` : sql`and (action = ${action} or starts_with(action, ${`${action}.`}))`}
      and not exists (select 1 from unnest(${without as string[]}::text[]) as w(prefix) where starts_with(action, w.prefix))
      ${before === undefined ? sql`` : sql`and id < ${before}`}
    order by id desc
    limit ${limit}`)
}
