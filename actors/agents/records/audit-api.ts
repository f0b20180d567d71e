import type { Paging } from '../../../core/paging.ts'
import type { AuditFilter, AuditRow } from '../../../db/audit.ts'

export type AuditPage = Paging & AuditFilter

export type AuditEntry = AuditRow
