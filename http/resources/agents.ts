import { z } from 'zod'
import type { AgentView } from '../../actors/agents/registry/agents-api.ts'
import { AppError } from '../../core/errors.ts'
import { parseJson } from '../../core/parse-json.ts'
import { bareType, isJsonType } from '../../sources/media-type.ts'
import type { Deps } from '../route/deps.ts'
import { type Call, type Route, route } from '../route/route.ts'
import { Agent, Version } from '../views/agent-views.ts'
import { pageOf } from '../views/view.ts'
import { requireType } from '../wire/body.ts'
import { etagOf } from '../wire/etag.ts'
import { wholeList } from '../wire/page.ts'
import { json, noContent, pathOf, text } from '../wire/reply.ts'
import { Anything, Id, Text } from '../wire/words.ts'

const tag = 'agents'
const YAML_TYPES = ['application/yaml', 'text/yaml', 'application/x-yaml', 'text/x-yaml']
const DEFINITION = { 'application/yaml': 'An agent definition', 'application/json': 'The same as JSON' }
const One = z.strictObject({ id: Id })
const OneVersion = z.strictObject({ id: Id, version: Id })

/** The registry of agents: definitions by version, drafts first, published on purpose. */
export function agentRoutes({ platform: { agents, runs } }: Deps): Route[] {
  return [
    route('GET /v1/agents', {
      tag,
      summary: 'Agents',
      query: z.strictObject({
        status: z.enum(['draft', 'published', 'deprecated']).optional(),
        q: Text.optional().describe('Part of the id, name or description'),
        tag: Text.optional(),
      }),
      answers: { 200: pageOf(Agent) },
      async handle({ by, query }) {
        return wholeList((await agents.list(by)).filter((agent) => isAskedFor(agent, query)))
      },
    }),
    route('POST /v1/agents', {
      tag,
      summary: 'Import a definition as a draft, or publish it at once',
      accepts: DEFINITION,
      query: z.strictObject({ publish: z.enum(['true', 'false']).default('false') }),
      answers: { 200: Version, 201: Version },
      async handle(call) {
        const { by, query } = call
        const imported = await agents.import(by, textOf(call), fileNameOf(call.request))
        const { id, version } = imported.version
        const view = query.publish === 'true' ? await agents.publish(by, id, version) : imported.version
        const location = pathOf('agents', id, 'versions', version)
        return json(view, { status: imported.created ? 201 : 200, headers: { location } })
      },
    }),
    route('POST /v1/agents/validate', {
      tag,
      summary: 'Check a definition without keeping it',
      accepts: DEFINITION,
      answers: {
        200: z.strictObject({
          valid: z.literal(true),
          id: z.string(),
          version: z.string(),
          warnings: z.array(z.string()),
        }),
      },
      async handle(call) {
        return json({ valid: true, ...(await agents.validate(call.by, textOf(call), fileNameOf(call.request))) })
      },
    }),
    route('GET /v1/agents/schema', {
      tag,
      summary: 'The JSON Schema of definitions',
      answers: { 200: Anything },
      handle: () => json(agents.schema(), { headers: { 'content-type': 'application/schema+json' } }),
    }),
    route('GET /v1/agents/:id', {
      tag,
      summary: 'An agent',
      params: One,
      answers: { 200: Agent },
      handle: async ({ by, params }) => json(await agents.get(by, params.id)),
    }),
    route('PUT /v1/agents/:id/enabled', {
      tag,
      summary: 'Let it start runs, or not',
      params: One,
      body: z.strictObject({ enabled: z.boolean() }),
      answers: { 200: Agent },
      handle: async ({ by, params, body }) => json(await agents.setEnabled(by, params.id, body.enabled)),
    }),
    route('GET /v1/agents/:id/metrics', {
      tag,
      summary: 'Runs and their success, by version',
      params: One,
      answers: { 200: pageOf(Metrics) },
      async handle({ by, params }) {
        await agents.get(by, params.id)
        return wholeList(await runs.metrics(by, params.id))
      },
    }),
    route('GET /v1/agents/:id/versions', {
      tag,
      summary: 'All versions of an agent',
      params: One,
      answers: { 200: pageOf(Version) },
      handle: async ({ by, params }) => wholeList(await agents.versions(by, params.id)),
    }),
    route('GET /v1/agents/:id/versions/:version', {
      tag,
      summary: 'A version',
      params: OneVersion,
      answers: { 200: Version },
      async handle({ by, params }) {
        const version = await agents.version(by, params.id, params.version)
        return json(version, { headers: { etag: etagOf(version.contentHash) } })
      },
    }),
    route('DELETE /v1/agents/:id/versions/:version', {
      tag,
      summary: 'Throw a draft away',
      params: OneVersion,
      answers: { 204: 'Gone' },
      async handle({ by, params }) {
        await agents.remove(by, params.id, params.version)
        return noContent()
      },
    }),
    route('POST /v1/agents/:id/versions/:version/publish', {
      tag,
      summary: 'Make it the version that new instances get and whose triggers route',
      params: OneVersion,
      answers: { 200: Version },
      handle: async ({ by, params }) => json(await agents.publish(by, params.id, params.version)),
    }),
    route('POST /v1/agents/:id/versions/:version/deprecate', {
      tag,
      summary: 'Take it out of service; its instances finish on it',
      params: OneVersion,
      answers: { 200: Version },
      handle: async ({ by, params }) => json(await agents.deprecate(by, params.id, params.version)),
    }),
    route('GET /v1/agents/:id/versions/:version/export', {
      tag,
      summary: 'The definition, byte for byte as it was imported',
      params: OneVersion,
      answers: { 200: { type: 'application/yaml', description: 'YAML or JSON, as it came' } },
      async handle({ by, params }) {
        const source = await agents.source(by, params.id, params.version)
        const [type, extension] = source.trimStart().startsWith('{')
          ? ['application/json', 'json']
          : ['application/yaml', 'yaml']
        const name = `${params.id}-${params.version}.${extension}`
        return text(source, type, { 'content-disposition': `attachment; filename="${name}"` })
      },
    }),
  ]
}

const Metrics = z.strictObject({
  version: z.string(),
  runs: z.int(),
  succeeded: z.int(),
  failed: z.int(),
  aborted: z.int(),
  successRate: z.number().nullable().describe('0 to 1; null without a finished run'),
  medianMs: z.number().nullable(),
})

function isAskedFor(
  agent: AgentView,
  query: { status?: string | undefined; q?: string | undefined; tag?: string | undefined },
): boolean {
  const words = `${agent.id} ${agent.name} ${agent.nickname ?? ''} ${agent.description}`.toLowerCase()
  return (
    (query.status === undefined || agent.status === query.status) &&
    (query.tag === undefined || agent.tags.includes(query.tag)) &&
    (query.q === undefined || words.includes(query.q.toLowerCase()))
  )
}

/** The definition as text; its bytes are kept as they are. JSON is read once here, so that a bomb ends at the door. */
function textOf({ request, bytes }: Call): string {
  requireType(request, [...YAML_TYPES, 'application/json'])
  if (isJsonType(request.headers.get('content-type') ?? '')) parseJson(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new AppError('request.invalid', 'body: expected UTF-8', { cause })
  }
}

function fileNameOf(request: Request): string {
  return bareType(request.headers.get('content-type') ?? '') === 'application/json' ? 'body.json' : 'body.yaml'
}
