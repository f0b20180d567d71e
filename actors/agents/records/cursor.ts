import { AppError } from '../../../core/errors.ts'
import type { Sql } from '../../../db/client.ts'
import { isRowOf, type PagedList } from '../../../db/cursors.ts'

/**
 * A cursor names the row that the page before ended with. Throws `request.invalid` for one that names no row of the
 * team's list: a word that is none, somebody else's, or a row that was removed meanwhile. To be asked after the page was
 * read: a row that goes between the two would else give an empty page, which reads as the last one.
 */
export async function expectCursor(sql: Sql, list: PagedList, team: string, cursor: string | undefined): Promise<void> {
  if (cursor !== undefined && !(await isRowOf(sql, list, team, cursor))) throw wrongCursor()
}

/** The number in a cursor of a list by number; throws `request.invalid`. */
export function numberOf(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor)
  throw wrongCursor()
}

export function wrongCursor(): AppError {
  return new AppError('request.invalid', 'cursor: expected nextCursor of the page before')
}
