import { z } from 'zod'
import { isObject, readJson } from './json-body.ts'
import { malformed, parseShape } from './malformed.ts'
import type { Source } from './source.ts'
import { typeOf } from './webhook-type.ts'

// Objects, not strict ones: each event of GitHub has members of its own.
const Payload = z.object({
  action: z.string().max(64).nullish(),
  repository: z.object({ full_name: z.string().max(200) }).nullish(),
})

/**
 * Webhooks of GitHub: `github.<event>.<action>`, for example `github.workflow_run.completed`, about the repository, with
 * the payload as data. A redelivery keeps the delivery's id, and is the same event. A `ping` is answered and is none.
 */
export const github: Source = {
  kind: 'github',

  detect: ({ headers }) => headers.has('x-github-event'),

  parse(request) {
    const { headers } = request
    const event = headers.get('x-github-event')
    if (event === undefined) throw malformed('', 'expected the header X-GitHub-Event')
    const body = readJson(request)
    if (!isObject(body)) throw malformed('', 'expected the payload of a webhook, a JSON object')
    const { action, repository } = parseShape(Payload, body)
    if (event === 'ping') return { events: [], rejected: [] }
    const name = repository?.full_name
    const id = headers.get('x-github-delivery')
    return {
      events: [
        {
          type: typeOf('github', event, action),
          source: name ? `/github/${name}` : '/github',
          data: body,
          ...(name ? { subject: name } : {}),
          ...(id ? { id: id.slice(0, 256) } : {}),
        },
      ],
      rejected: [],
    }
  },
}
