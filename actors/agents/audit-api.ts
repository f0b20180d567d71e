import type { AuditFilter, AuditRow } from '../../db/audit.ts'
import type { Paging } from './paging.ts'

export type AuditPage = Paging & AuditFilter

export type AuditEntry = AuditRow
