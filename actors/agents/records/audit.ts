import { toJson } from '../../../core/json.ts'
import type { PageOf } from '../../../core/paging.ts'
import { mayAct, type Principal } from '../../../core/principal.ts'
import { appendAudit, listAudit } from '../../../db/audit.ts'
import type { Sql } from '../../../db/client.ts'
import type { AuditEntry, AuditPage } from './audit-api.ts'
import { expectCursor, numberOf } from './cursor.ts'

const PAGE = 100

export interface Audit {
  /** Notes what somebody did, once it is done. `action` is `<thing>.<verb>`, `target` what it was done to. */
  append(by: Principal, action: string, target: string, details?: object): Promise<void>
  /** Newest first. */
  list(by: Principal, page: AuditPage): Promise<PageOf<AuditEntry>>
}

/** Who did what. */
export function createAudit({ sql }: { sql: Sql }): Audit {
  return {
    append: (by, action, target, details = {}) =>
      appendAudit(sql, { team: by.team, principal: by.name, action, target, details: toJson(details) }),

    async list(by, { limit = PAGE, after, ...filter }) {
      const before = after === undefined ? {} : { before: numberOf(after) }
      // Who may come in is not for everybody to see.
      const without = mayAct(by, 'admin') ? [] : ['key.', 'source.']
      const items = await listAudit(sql, by.team, { ...filter, ...before, without, limit })
      await expectCursor(sql, 'audit', by.team, after)
      return { items, next: items.length < limit ? null : String(items.at(-1)?.id) }
    },
  }
}
