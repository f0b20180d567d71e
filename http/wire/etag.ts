import { AppError } from '../../core/errors.ts'

/** The strong entity tag of a revision. */
export function etagOf(revision: number | string): string {
  return `"${revision}"`
}

/** The header that says at which revision something is; none where nobody counts any more. */
export function revisionTag({ revision }: { revision: number | null }): Record<string, string> {
  return revision === null ? {} : { etag: etagOf(revision) }
}

/** The revision that `If-Match` names; undefined when any will do. Throws `request.invalid`. */
export function expectedRevision(request: Request): number | undefined {
  const header = request.headers.get('if-match')?.trim()
  if (header === undefined || header === '*') return undefined
  const match = /^"(\d{1,15})"$/.exec(header)
  if (match?.[1]) return Number(match[1])
  throw new AppError('request.invalid', 'If-Match: expected the ETag of an earlier answer, for example "7"')
}

/** True for `If-Match: *`: whatever it is, but it must be there. */
export function mustExist(request: Request): boolean {
  return request.headers.get('if-match')?.trim() === '*'
}

/** True when the caller already has this version. */
export function isCurrent(request: Request, etag: string): boolean {
  const tags = request.headers.get('if-none-match')?.split(',') ?? []
  return tags.some((tag) => tag.trim().replace(/^W\//, '') === etag)
}
