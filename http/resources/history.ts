import { z } from 'zod'
import { address } from '../../core/address.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { HistoryEntry } from '../views/actor-views.ts'
import { pageOf } from '../views/view.ts'
import { PageQuery, pageResponse } from '../wire/page.ts'
import { Id, Kind, whole } from '../wire/words.ts'

const Revision = whole(0)

/** Every message an actor ever took, by revision. */
export function historyRoute({ platform: { actors } }: Deps): Route {
  return route('GET /v1/actors/:kind/:key/history', {
    tag: 'actors',
    summary: 'Its history, oldest first, or newest with `?order=desc`',
    params: z.strictObject({ kind: Kind, key: Id }),
    query: z.strictObject({
      limit: PageQuery.limit,
      after: Revision.optional(),
      before: Revision.optional(),
      order: z.enum(['asc', 'desc']).default('asc'),
      cursor: PageQuery.cursor,
    }),
    answers: { 200: pageOf(HistoryEntry) },
    async handle({ by, params, request, query: { limit, order, cursor, after, before } }) {
      const newestFirst = order === 'desc'
      const items = await actors.history(by, address(params.kind, params.key), {
        limit,
        newestFirst,
        ...(cursor === undefined ? {} : { cursor }),
        ...(after === undefined ? {} : { after }),
        ...(before === undefined ? {} : { before }),
      })
      const last = items.length < limit ? undefined : items.at(-1)
      return pageResponse(request, { items, next: last === undefined ? null : String(last.revision) })
    },
  })
}
