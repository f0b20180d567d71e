import { type DescribeRouteOptions, resolver } from 'hono-openapi'
import { z } from 'zod'
import { ACCESS } from '../door/access.ts'
import { Problem } from '../views/view.ts'
import type { Answer, Route } from './route.ts'

/** What the API description says about a route: nothing that is not also checked or served. */
export function describeOperation(route: Route): DescribeRouteOptions {
  const role = ACCESS[route.name]
  return {
    tags: [route.tag],
    summary: route.summary,
    description: [route.description, role === 'public' ? 'No key needed.' : `Role: ${role}.`].filter(Boolean).join(' '),
    parameters: [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query'), ...keyHeader(route)],
    ...requestBody(route),
    responses: {
      ...Object.fromEntries(Object.entries(route.answers).map(([status, answer]) => [status, responseOf(answer)])),
      default: {
        description: 'What went wrong',
        content: { 'application/problem+json': { schema: resolver(Problem) } },
      },
    },
    ...(role === 'public' ? { security: [] } : {}),
  }
}

type Parameters = NonNullable<DescribeRouteOptions['parameters']>

function parametersOf(schema: z.ZodObject | undefined, place: 'path' | 'query'): Parameters {
  if (schema === undefined) return []
  return Object.entries(schema.shape).map(([name, member]) => {
    const { description, ...json } = schemaOf(member)
    const required = place === 'path' || !member.safeParse(undefined).success
    return { name, in: place, required, schema: json, ...(typeof description === 'string' ? { description } : {}) }
  })
}

function schemaOf(member: z.core.$ZodType): Record<string, unknown> {
  const { $schema: _, ...json } = z.toJSONSchema(member, { io: 'input', unrepresentable: 'any' })
  return json
}

function keyHeader(route: Route): Parameters {
  if (!route.name.startsWith('POST ') || route.unstored) return []
  const description = 'The same key and body get the same answer, once'
  return [{ name: 'Idempotency-Key', in: 'header', required: false, description, schema: { type: 'string' } }]
}

function requestBody({ body, accepts }: Route): Pick<DescribeRouteOptions, 'requestBody'> {
  if (accepts) {
    const content = Object.entries(accepts).map(([type, description]) => [type, { schema: { description } }])
    return { requestBody: { required: true, content: Object.fromEntries(content) } }
  }
  if (!body) return {}
  const required = !body.safeParse({}).success
  return { requestBody: { required, content: { 'application/json': { schema: resolver(body) } } } }
}

type Responses = NonNullable<DescribeRouteOptions['responses']>

function responseOf(answer: Answer): Responses[string] {
  if (typeof answer === 'string') return { description: answer }
  if (!(answer instanceof z.ZodType)) return { description: answer.description, content: { [answer.type]: {} } }
  return { description: 'Done', content: { 'application/json': { schema: resolver(answer) } } }
}
