import { z } from 'zod'
import { address } from '../../core/address.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { Run, RunInFull } from '../views/run-views.ts'
import { pageOf } from '../views/view.ts'
import { expectedRevision, revisionTag } from '../wire/etag.ts'
import { PageQuery, pageResponse, paging } from '../wire/page.ts'
import { shown, tagged } from '../wire/reply.ts'
import { Id, Reason, Text } from '../wire/words.ts'

const tag = 'runs'
const One = z.strictObject({ id: Id })
const word = {
  reason: Reason.default(''),
  step: Text.optional().describe('The step that was looked at: refused where another one waits by now'),
}

/** What a browser may show by itself; anything else is a download, since evidence may be what a page of an attacker said. */
const SHOWN = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/gif'])

/** A person's word, with the revision that they looked at where they name it: the ETag of `GET /v1/runs/:id`. */
function said<Said extends object>(word: Said, request: Request): Said & { expected: number | undefined } {
  return { ...word, expected: expectedRevision(request) }
}

/** Runs: pieces of an agent's work, step by step. */
export function runRoutes({ platform: { runs } }: Deps): Route[] {
  return [
    route('GET /v1/runs', {
      tag,
      summary: 'Runs, newest first',
      query: z.strictObject({
        ...PageQuery,
        agent: Id.optional(),
        instance: Id.optional().describe('Key of the instance'),
        device: Text.optional(),
        outcome: z
          .enum(['none', 'succeeded', 'failed', 'aborted', 'timedOut'])
          .optional()
          .describe('`none`: those that go on'),
      }),
      answers: { 200: pageOf(Run) },
      async handle({ by, request, query: { limit, cursor, instance, ...filter } }) {
        const of = instance === undefined ? {} : { instance: address('agent', instance) }
        return pageResponse(request, await runs.list(by, { ...paging({ limit, cursor }), ...filter, ...of }))
      },
    }),
    route('GET /v1/runs/:id', {
      tag,
      summary: 'A run with its steps and evidence',
      params: One,
      answers: { 200: RunInFull },
      async handle({ by, params }) {
        const run = await runs.get(by, params.id)
        return shown(run, { headers: revisionTag(run) })
      },
    }),
    route('GET /v1/runs/:id/evidence/:evidence', {
      tag,
      summary: 'A picture or file that a step kept',
      params: z.strictObject({ id: Id, evidence: Text }),
      answers: { 200: { type: '*/*', description: 'The bytes' } },
      async handle({ by, params }) {
        const { bytes, mediaType } = await runs.evidence(by, params.id, params.evidence)
        const shown = SHOWN.has(mediaType)
        return new Response(Buffer.from(bytes), {
          headers: {
            'content-type': shown ? mediaType : 'application/octet-stream',
            'content-disposition': shown ? 'inline' : 'attachment',
            // Evidence never changes.
            'cache-control': 'private, max-age=86400, immutable',
          },
        })
      },
    }),
    route('POST /v1/runs/:id/cancel', {
      tag,
      summary: 'Stop it at once; cleanup runs, then the device is released',
      params: One,
      body: z.strictObject({ reason: Reason.default('') }),
      answers: { 200: Run },
      handle: async ({ by, params, body, request }) => tagged(await runs.cancel(by, params.id, said(body, request))),
    }),
    route('POST /v1/runs/:id/decide', {
      tag,
      summary: 'For a run that stands suspended: do the step again, take it as done, or give up',
      params: One,
      body: z.strictObject({ decision: z.enum(['retry', 'skip', 'abort']), ...word }),
      answers: { 200: Run },
      handle: async ({ by, params, body: { decision, ...word }, request }) =>
        tagged(await runs.decide(by, params.id, decision, said(word, request))),
    }),
    ...(['approve', 'deny'] as const).map((decision) =>
      route(`POST /v1/runs/:id/${decision}`, {
        tag,
        summary: decision === 'approve' ? 'Let it do what it waits to be allowed' : 'Do not let it',
        params: One,
        body: z.strictObject(word),
        answers: { 200: Run },
        handle: async ({ by, params, body, request }) =>
          tagged(await runs.decide(by, params.id, decision, said(body, request))),
      }),
    ),
  ]
}
