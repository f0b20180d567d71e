import { z } from 'zod'
import { address } from '../../core/address.ts'
import { firedEdge, pathsOf, possibleEdges } from '../diagram/lit.ts'
import { renderSvg } from '../diagram/svg.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { ActorSummary } from '../views/actor-views.ts'
import { pageOf } from '../views/view.ts'
import { etagOf, isCurrent } from '../wire/etag.ts'
import { PageQuery, pageResponse, paging, wholeList } from '../wire/page.ts'
import { shown } from '../wire/reply.ts'
import { Anything, Id, Kind, Time, whole } from '../wire/words.ts'
import { historyRoute } from './history.ts'
import { svg } from './machines.ts'
import { whyRoute } from './why.ts'

const tag = 'actors'
const One = z.strictObject({ kind: Kind, key: Id })
const Revision = whole(0)

/** Actors of any kind: where they stand, how they came there, what they can do next. */
export function actorRoutes(deps: Deps): Route[] {
  const { actors } = deps.platform
  return [
    route('GET /v1/actors', {
      tag,
      summary: 'Actors',
      query: z.strictObject({
        ...PageQuery,
        kind: Kind.optional(),
        status: z.enum(['active', 'done', 'error', 'stopped', 'parked']).optional(),
      }),
      answers: { 200: pageOf(ActorSummary) },
      async handle({ by, request, query: { limit, cursor, ...filter } }) {
        return pageResponse(request, await actors.list(by, { ...paging({ limit, cursor }), ...filter }))
      },
    }),
    route('GET /v1/actors/:kind/:key', {
      tag,
      summary: 'An actor: its state, what it waits for, what it accepts',
      params: One,
      answers: { 200: Anything, 304: 'Unchanged' },
      async handle({ by, params, request }) {
        const actor = await actors.get(by, address(params.kind, params.key))
        const headers = { etag: etagOf(actor.revision) }
        return isCurrent(request, headers.etag)
          ? new Response(null, { status: 304, headers })
          : shown(actor, { headers })
      },
    }),
    route('GET /v1/actors/:kind/:key/mailbox', {
      tag,
      summary: 'Mail that waits, in the order it will be read',
      params: One,
      answers: { 200: pageOf(Mail) },
      handle: async ({ by, params }) => wholeList(await actors.mailbox(by, address(params.kind, params.key))),
    }),
    historyRoute(deps),
    whyRoute(deps),
    diagramRoute(deps),
  ]
}

const Mail = z.strictObject({
  messageId: z.string(),
  lane: z.int(),
  event: Anything,
  sender: z.string().nullable(),
  cause: z.string().nullable(),
  createdAt: Time,
})

function diagramRoute({ platform: { actors, past }, diagrams }: Deps): Route {
  return route('GET /v1/actors/:kind/:key/diagram.svg', {
    tag,
    summary: 'Its statechart, with the state it is in lit, now or as of a revision',
    params: One,
    query: z.strictObject({ at: Revision.optional() }),
    answers: { 200: { type: 'image/svg+xml', description: 'A picture' } },
    async handle({ by, params, query: { at } }) {
      const { kind } = params
      const of = address(kind, params.key)
      const actor = await actors.get(by, of)
      const { hash, graph } = actors.graph(kind)
      const active = at === undefined ? actor.active : pathsOf((await past.at(by, of, at)).value)
      const before = (at ?? actor.revision) + 1
      const [last] = await actors.history(by, of, { before, limit: 1, newestFirst: true })
      const fired = last === undefined ? undefined : firedEdge(graph, last)
      const picture = renderSvg(await diagrams.geometry(hash, graph), {
        title: at === undefined ? of : `${of} at revision ${at}`,
        active,
        ...(fired === undefined ? {} : { fired }),
        // What it would have accepted then is not known.
        ...(at === undefined ? { possible: possibleEdges(graph, active, actor.nextEvents) } : {}),
      })
      return svg(picture)
    },
  })
}
