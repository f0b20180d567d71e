import { z } from 'zod'
import { nativeAlert } from '../../sources/native-alert.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { Alert, AlertInFull, Ingested, IngestedMany } from '../views/event-views.ts'
import { pageOf } from '../views/view.ts'
import { requireJson } from '../wire/body.ts'
import { expectedRevision } from '../wire/etag.ts'
import { PageQuery, pageResponse, paging } from '../wire/page.ts'
import { tagged } from '../wire/reply.ts'
import { Reason, Text } from '../wire/words.ts'
import { take } from './intake.ts'

const tag = 'alerts'
const One = z.strictObject({ fingerprint: Text })

/** Alerts: one entry for each condition that began, however often it was reported. */
export function alertRoutes(deps: Deps): Route[] {
  const { alerts } = deps.platform
  const answers = { 200: AlertInFull }
  return [
    route('POST /v1/alerts', {
      tag,
      summary: 'Report alerts',
      accepts: {
        'application/json':
          'One alert `{kind, status?, device?, host?, severity?, startsAt?, endsAt?, labels?, …}`, an array, or `{alerts: […]}`',
      },
      answers: { 202: z.union([Ingested, IngestedMany]) },
      async handle(call) {
        requireJson(call.request)
        return take(deps, call, nativeAlert)
      },
    }),
    route('GET /v1/alerts', {
      tag,
      summary: 'Alerts',
      query: z.strictObject({
        ...PageQuery,
        status: z.enum(['firing', 'resolved']).optional(),
        subject: Text.optional(),
      }),
      answers: { 200: pageOf(Alert) },
      async handle({ by, request, query: { limit, cursor, ...filter } }) {
        return pageResponse(request, await alerts.list(by, { ...paging({ limit, cursor }), ...filter }))
      },
    }),
    route('GET /v1/alerts/:fingerprint', {
      tag,
      summary: 'An alert',
      params: One,
      answers,
      handle: async ({ by, params }) => tagged(await alerts.get(by, params.fingerprint)),
    }),
    route('POST /v1/alerts/:fingerprint/ack', {
      tag,
      summary: 'Say that somebody looks after it',
      params: One,
      body: z.strictObject({ note: Reason.default('') }),
      answers,
      handle: async ({ by, params, body, request }) =>
        tagged(await alerts.ack(by, params.fingerprint, body.note, expectedRevision(request))),
    }),
    ...(['resolve', 'discard'] as const).map((verdict) =>
      route(`POST /v1/alerts/:fingerprint/${verdict}`, {
        tag,
        summary: verdict === 'resolve' ? 'Say that it is over' : 'Say that it was none',
        params: One,
        body: z.strictObject({ reason: Reason.default('') }),
        answers,
        handle: async ({ by, params, body, request }) =>
          tagged(await alerts[verdict](by, params.fingerprint, body.reason, expectedRevision(request))),
      }),
    ),
  ]
}
