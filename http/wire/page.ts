import { z } from 'zod'
import type { PageOf, Paging } from '../../core/paging.ts'
import { shown } from './reply.ts'
import { whole } from './words.ts'

/** `?limit=&cursor=` of every list. */
export const PageQuery = {
  limit: whole(1, 500).default(100).describe('Items a page, at most 500'),
  cursor: z
    .string()
    .regex(/^\P{Cc}{1,512}$/u, 'expected nextCursor of the page before')
    .optional()
    .describe('`nextCursor` of the page before'),
}

/** The page that a query asks for, in the words of the platform. */
export function paging({ limit, cursor }: { limit: number; cursor?: string | undefined }): Paging {
  return { limit, ...(cursor === undefined ? {} : { after: cursor }) }
}

/** `{ items, nextCursor }` with what is told of the whole, and the way to the next page as a `Link` header too. */
export function pageResponse<T>(request: Request, { items, next }: PageOf<T>, more: object = {}): Response {
  return shown({ items, nextCursor: next, ...more }, next === null ? {} : { headers: { link: linkTo(request, next) } })
}

/** A list that comes whole. */
export function wholeList<T>(items: readonly T[]): Response {
  return shown({ items, nextCursor: null })
}

function linkTo(request: Request, cursor: string): string {
  const url = new URL(request.url)
  url.searchParams.set('cursor', cursor)
  return `<${url.pathname}${url.search}>; rel="next"`
}
