import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isObject, readJson } from './json-body.ts'
import { malformed, parseShape } from './malformed.ts'
import type { Source } from './source.ts'
import { typeOf } from './webhook-type.ts'

// Objects, not strict ones: each event of GitLab has members of its own.
const Payload = z.object({
  object_kind: z.string().max(64),
  build_status: z.string().max(64).nullish(),
  object_attributes: z.object({ status: z.string().max(64).nullish(), action: z.string().max(64).nullish() }).nullish(),
  project: z.object({ path_with_namespace: z.string().max(200) }).nullish(),
})

/**
 * Webhooks of GitLab: `gitlab.<kind>.<status or action>`, for example `gitlab.pipeline.failed`, about the project, with the
 * payload as data. GitLab names a delivery in newer versions only; before, the same payload is the same event.
 */
export const gitlab: Source = {
  kind: 'gitlab',

  detect: ({ headers }) => headers.has('x-gitlab-event'),

  parse(request) {
    const { headers, body: bytes } = request
    const body = readJson(request)
    if (!isObject(body)) throw malformed('', 'expected the payload of a webhook, a JSON object')
    const { object_kind: kind, build_status: build, object_attributes: object, project } = parseShape(Payload, body)
    const name = project?.path_with_namespace
    const given = headers.get('idempotency-key') ?? headers.get('webhook-id')
    const id = given ?? createHash('sha256').update(kind).update('\0').update(bytes).digest('hex')
    return {
      events: [
        {
          type: typeOf('gitlab', kind, build ?? object?.status ?? object?.action),
          source: name ? `/gitlab/${name}` : '/gitlab',
          id: id.slice(0, 256),
          data: body,
          ...(name ? { subject: name } : {}),
        },
      ],
      rejected: [],
    }
  },
}
