import { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import { detectSource, SOURCES, sourceFor } from '../../sources/catalog.ts'
import { cloudevents } from '../../sources/cloudevents.ts'
import { prometheusAlerts } from '../../sources/prometheus-alerts.ts'
import type { Source } from '../../sources/source.ts'
import type { RouteName } from '../door/access.ts'
import type { Deps } from '../route/deps.ts'
import { type Call, type Route, route } from '../route/route.ts'
import { Ingested, IngestedMany } from '../views/event-views.ts'
import { requireJson } from '../wire/body.ts'
import { noContent } from '../wire/reply.ts'
import { incoming, take } from './intake.ts'

const tag = 'sources'
const KINDS = SOURCES.map((source) => source.kind)

/** Other people's senders. The path of one is all that its configuration needs. */
export function ingestRoutes(deps: Deps): Route[] {
  return [
    route('POST /v1/ingest/:source', {
      tag,
      summary: 'Take whatever a monitor, a pipeline or a webhook sends',
      description: `Takes a key, or what a stored source signs (\`/v1/sources\`). \`source\` is its path, or \`auto\`, which looks at headers and body, or one of: ${KINDS.join(', ')}.`,
      params: z.strictObject({ source: z.string().max(97) }),
      accepts: { 'application/json': 'What the sender sends', 'application/cloudevents+json': 'A CloudEvent' },
      answers: { 202: z.union([Ingested, IngestedMany]) },
      handle: async (call) => take(deps, call, sourceOf(call, call.signed?.kind ?? call.params.source)),
    }),
    handshake('OPTIONS /v1/events'),
    handshake('OPTIONS /v1/ingest/:source', z.strictObject({ source: z.string().max(64) })),
    route('POST /api/v2/alerts', {
      tag,
      summary: 'Alerts as Prometheus, vmalert and amtool send them to an Alertmanager',
      accepts: { 'application/json': 'An array of {labels, annotations?, startsAt?, endsAt?, generatorURL?}' },
      // Clients generated from Alertmanager's own description take 200 for success, and nothing else.
      answers: { 200: z.union([Ingested, IngestedMany]) },
      async handle(call) {
        requireJson(call.request)
        return take(deps, call, prometheusAlerts, 200)
      },
    }),
  ]
}

/**
 * The abuse protection of the CloudEvents webhook profile: a sender asks before it sends. Whoever asks may send, since
 * every delivery still needs a key.
 */
function handshake(name: RouteName, params?: z.ZodObject): Route {
  return route(name, {
    tag,
    summary: 'May I send events here? (CloudEvents webhook handshake)',
    ...(params === undefined ? {} : { params }),
    answers: { 204: 'Yes' },
    handle({ request }) {
      const origin = request.headers.get('webhook-request-origin') ?? ''
      const allowed = /^[A-Za-z0-9.:-]{1,253}$/.test(origin)
      const granted = { 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '*' }
      return noContent({ allow: 'POST, OPTIONS', ...(allowed ? granted : {}) })
    },
  })
}

function sourceOf(call: Pick<Call, 'request' | 'bytes'>, kind: string): Source {
  const request = incoming(call, kind)
  const named = kind === 'auto' ? undefined : sourceFor(kind)
  if (kind !== 'auto' && named === undefined) {
    throw new AppError('request.not_found', `There is no source called "${kind.slice(0, 64)}"`, {
      details: { sources: ['auto', ...KINDS] },
    })
  }
  // Only a CloudEvent may be of any media type: its own may be what it carries.
  if (!cloudevents.detect(request)) requireJson(call.request)
  const source = named ?? detectSource(request)
  if (source === undefined) {
    throw new AppError('source.malformed', 'This looks like nobody we know: name the source in the path', {
      details: { sources: KINDS },
    })
  }
  return source
}
