import { z } from 'zod'
import { renderMermaid } from '../diagram/mermaid.ts'
import { renderScxml } from '../diagram/scxml.ts'
import { STATECHART_STYLE_SOURCE } from '../diagram/style.ts'
import { renderSvg } from '../diagram/svg.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { pageOf } from '../views/view.ts'
import { etagOf, isCurrent } from '../wire/etag.ts'
import { wholeList } from '../wire/page.ts'
import { json, text } from '../wire/reply.ts'
import { Anything, Kind } from '../wire/words.ts'

const tag = 'machines'
const Machine = z.strictObject({ kind: z.string(), id: z.string(), hash: z.string(), version: z.string() })

/** Machines: the statecharts that actors live by. */
export function machineRoutes({ platform: { actors }, diagrams }: Deps): Route[] {
  return [
    route('GET /v1/machines', {
      tag,
      summary: 'Machines by kind of actor',
      answers: { 200: pageOf(Machine) },
      handle: () => wholeList(actors.machines()),
    }),
    route('GET /v1/machines/:id', {
      tag,
      summary: 'A statechart: the graph with its geometry, or a picture of it',
      description:
        '`id` is a kind of actor, with `.svg` for a picture, `.mmd` for Mermaid text or `.scxml` for SCXML. With `?hash=` of the machine the answer never changes.',
      params: z.strictObject({ id: Kind }),
      query: z.strictObject({
        hash: z.string().max(128).optional(),
        direction: z.enum(['down', 'right']).default('down').describe('Where most arrows point'),
      }),
      answers: {
        200: z.strictObject({ kind: z.string(), hash: z.string(), graph: Anything, geometry: Anything }),
        304: 'Unchanged',
      },
      async handle({ params, query, request }) {
        const { kind, form } = formOf(params.id)
        const { hash, graph } = actors.graph(kind)
        const headers = {
          etag: etagOf([hash, form, query.direction].filter((part) => part !== undefined && part !== 'down').join('.')),
          'cache-control': query.hash === hash ? 'private, max-age=31536000, immutable' : 'private, no-cache',
        }
        if (isCurrent(request, headers.etag)) return new Response(null, { status: 304, headers })
        if (form === 'mmd') return text(renderMermaid(graph), 'text/plain; charset=utf-8', headers)
        if (form === 'scxml') return text(renderScxml(graph), 'application/scxml+xml; charset=utf-8', headers)
        const geometry = await diagrams.geometry(hash, graph, query.direction)
        return form === 'svg' ? svg(renderSvg(geometry), headers) : json({ kind, hash, graph, geometry }, { headers })
      },
    }),
  ]
}

/** A picture that may use its own style and nothing else, wherever it is opened. */
export function svg(picture: string, headers: Record<string, string> = {}): Response {
  const policy = `default-src 'none'; style-src ${STATECHART_STYLE_SOURCE}; frame-ancestors 'none'; sandbox`
  return text(picture, 'image/svg+xml; charset=utf-8', { 'content-security-policy': policy, ...headers })
}

function formOf(id: string): { kind: string; form?: 'svg' | 'mmd' | 'scxml' } {
  const [, kind, extension] = /^(.+)\.(svg|mmd|scxml)$/.exec(id) ?? []
  if (kind === undefined) return { kind: id }
  return extension === 'svg' || extension === 'mmd' || extension === 'scxml' ? { kind, form: extension } : { kind: id }
}
