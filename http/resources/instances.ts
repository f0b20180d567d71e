import { z } from 'zod'
import { INSTANCE_ACTIONS, type InstanceAction } from '../../actors/agents/instances/instance-actions.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { Instance } from '../views/agent-views.ts'
import { Count, pageOf } from '../views/view.ts'
import { etagOf, expectedRevision, isCurrent } from '../wire/etag.ts'
import { PageQuery, pageResponse, paging } from '../wire/page.ts'
import { json, pathOf, tagged } from '../wire/reply.ts'
import { Id, Reason, Text } from '../wire/words.ts'

const tag = 'instances'
const One = z.strictObject({ id: Id })

const SUMMARIES: Record<InstanceAction, string> = {
  start: 'After a stop: take work again',
  pause: 'Pause: running work stops at a safe point, mail waits',
  resume: 'Go on',
  stop: 'Stop for good',
  retry: 'After an error: try the failed work again',
  skip: 'After an error: leave the failed work out',
  reset: 'After an error: start afresh',
}

/** Instances: agents that listen and work. */
export function instanceRoutes({ platform: { instances } }: Deps): Route[] {
  return [
    route('POST /v1/instances', {
      tag,
      summary: 'Start an instance of a published agent; the same key is the same instance',
      body: z.strictObject({
        agent: Id,
        version: Id.optional(),
        key: Id.optional().describe("Default: the agent's id"),
      }),
      answers: { 200: Instance, 201: Instance },
      async handle({ by, body }) {
        const { instance, created } = await instances.start(by, body)
        const headers = { etag: etagOf(instance.revision), location: pathOf('instances', instance.id) }
        return json(instance, { status: created ? 201 : 200, headers })
      },
    }),
    route('GET /v1/instances', {
      tag,
      summary: 'Instances',
      description: '`counts` are by state, of all that fit the other filters, over all pages.',
      query: z.strictObject({
        ...PageQuery,
        state: Text.optional(),
        agent: Id.optional(),
        device: Id.optional().describe('With a run that works on it now'),
        q: Text.optional().describe("Part of the id, or of the agent's id, name or nickname"),
      }),
      answers: { 200: pageOf(Instance, { counts: z.record(z.string(), Count), total: Count }) },
      async handle({ by, request, query: { limit, cursor, ...filter } }) {
        const { counts, total, ...page } = await instances.list(by, { ...paging({ limit, cursor }), ...filter })
        return pageResponse(request, page, { counts, total })
      },
    }),
    route('GET /v1/instances/:id', {
      tag,
      summary: 'An instance',
      params: One,
      answers: { 200: Instance, 304: 'Unchanged' },
      async handle({ by, params, request }) {
        const instance = await instances.get(by, params.id)
        const headers = { etag: etagOf(instance.revision) }
        return isCurrent(request, headers.etag)
          ? new Response(null, { status: 304, headers })
          : json(instance, { headers })
      },
    }),
    ...INSTANCE_ACTIONS.map((action) =>
      route(`POST /v1/instances/:id/${action}`, {
        tag,
        summary: SUMMARIES[action],
        params: One,
        body: z.strictObject({ reason: Reason.optional() }),
        answers: { 200: Instance },
        async handle({ by, params, body, request }) {
          const expected = expectedRevision(request)
          const options = { ...body, ...(expected === undefined ? {} : { expected }) }
          return tagged(await instances.command(by, params.id, action, options))
        },
      }),
    ),
  ]
}
