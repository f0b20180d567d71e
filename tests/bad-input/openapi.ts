import { z } from 'zod'
import { stubApp, stubPlatform } from '../http/stub.ts'
import type { Ask } from './item.ts'

/** The part of JSON Schema that the API description uses. */
export interface Schema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  pattern?: string
  format?: string
  default?: unknown
  examples?: unknown[]
}

const Schema: z.ZodType<Schema> = z.any()
const Parameter = z.object({ name: z.string(), in: z.enum(['path', 'query', 'header']), schema: Schema })
const Operation = z.object({
  parameters: z.array(Parameter).default([]),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: Schema.optional() })) }).optional(),
})
const Document = z.object({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), Schema).default({}) }),
})

export interface Described {
  /** `POST /v1/tickets` */
  name: string
  method: string
  /** With `{id}` in it. */
  path: string
  params: string[]
  query: Record<string, Schema>
  /** The schema of its JSON body, if there is one and it is described. */
  body: Schema | undefined
  /** Media types of a body that the description leaves open. */
  open: string[]
}

/** Every route as the API describes it, references resolved. */
export async function describedRoutes(): Promise<Described[]> {
  const response = await stubApp(stubPlatform()).fetch(new Request('http://localhost/openapi.json'))
  const { paths, components } = Document.parse(await response.json())
  const whole = (schema: Schema): Schema => {
    const name = schema.$ref?.split('/').at(-1)
    const found = name === undefined ? schema : (components.schemas[name] ?? {})
    const { properties, items, anyOf } = found
    return {
      ...found,
      ...(properties && {
        properties: Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, whole(one)])),
      }),
      ...(items && { items: whole(items) }),
      ...(anyOf && { anyOf: anyOf.map(whole) }),
    }
  }
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([verb, { parameters, requestBody }]) => {
      const method = verb.toUpperCase()
      const json = requestBody?.content['application/json']?.schema
      const isOpen = json === undefined || Object.keys(json).every((key) => key === 'description')
      return {
        name: `${method} ${path}`,
        method,
        path,
        params: parameters.filter((one) => one.in === 'path').map((one) => one.name),
        query: Object.fromEntries(
          parameters.filter((one) => one.in === 'query').map((one) => [one.name, whole(one.schema)]),
        ),
        body: isOpen ? undefined : whole(json),
        open: isOpen ? Object.keys(requestBody?.content ?? {}) : [],
      }
    }),
  )
}

/** Whether a value fits: false is certain, true means that nothing in the schema speaks against it. */
export function admits(schema: Schema, value: unknown): boolean {
  const { type, anyOf, properties = {}, required = [], additionalProperties } = schema
  if (anyOf) return anyOf.some((one) => admits(one, value))
  if (schema.const !== undefined && value !== schema.const) return false
  if (schema.enum && !schema.enum.includes(value)) return false
  if (type !== undefined && ![type].flat().some((one) => isOf(one, value))) return false
  if (typeof value === 'number') return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity)
  if (typeof value === 'string') {
    const { minLength = 0, maxLength = Infinity, pattern, format } = schema
    if (value.length < minLength || value.length > maxLength) return false
    if (format === 'uri') return /^https?:\/\/\S+$/.test(value)
    if (format === 'date-time') return /^\d{4}-\d\d-\d\dT/.test(value)
    return pattern === undefined || new RegExp(pattern, 'u').test(value)
  }
  if (Array.isArray(value)) {
    if (value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? Infinity)) return false
    return value.every((item) => schema.items === undefined || admits(schema.items, item))
  }
  if (typeof value !== 'object' || value === null) return true
  if (required.some((name) => !Object.hasOwn(value, name))) return false
  return Object.entries(value).every(([name, member]) => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (known) return admits(known, member)
    return (
      additionalProperties !== false &&
      (typeof additionalProperties !== 'object' || admits(additionalProperties, member))
    )
  })
}

function isOf(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isSafeInteger(value)
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}

/** A value that fits, as small as can be. */
export function sampleOf(schema: Schema): unknown {
  const { type, properties = {}, required = [] } = schema
  if (schema.anyOf) return sampleOf(schema.anyOf[0] ?? {})
  if (schema.const !== undefined) return schema.const
  if (schema.examples) return schema.examples[0]
  if (schema.enum) return schema.enum[0]
  switch ([type].flat()[0]) {
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 1, 1)
    case 'boolean':
      return true
    case 'array':
      return Array.from({ length: schema.minItems ?? 1 }, () => sampleOf(schema.items ?? {}))
    case 'object':
      return Object.fromEntries(required.map((name) => [name, sampleOf(properties[name] ?? {})]))
    case 'string':
      if (schema.format === 'uri') return 'http://127.0.0.1:9/'
      return schema.format === 'date-time' ? '2026-03-01T12:00:00Z' : 'yard-1'
    default:
      return null
  }
}

/** Ids that exist where one does, so that a request is wrong in the one place that it is wrong in. */
const PARAMS: Record<string, string> = {
  kind: 'thing',
  key: 'one',
  version: '1.0.0',
  source: 'auto',
  fingerprint: 'fp-ours',
  evidence: 'e',
}
const IDS: readonly [RegExp, string][] = [
  [/\/devices\//, 'stb-1'],
  [/\/dead-letters\//, '1'],
  [/\/pools\//, 'paris'],
  [/\/machines\//, 'thing'],
  [/\/tickets\/|\/runs\/|\/keys\//, 'no-such-one'],
]

/** A path with everything filled in. */
export function pathOf({ path }: Pick<Described, 'path'>, given: Record<string, string> = {}): string {
  return path.replaceAll(/\{([a-z]+)\}/g, (_, name: string) => {
    const id = IDS.find(([pattern]) => pattern.test(path))?.[1] ?? 'yard'
    return encodeURIComponent((given[name] ?? PARAMS[name] ?? id).toWellFormed())
  })
}

/** A request to a route, with a JSON body as text. */
export function askOf(route: Described, { query = '', body }: { query?: string; body?: string | undefined } = {}): Ask {
  const path = `${pathOf(route)}${query === '' ? '' : `?${query}`}`
  return body === undefined
    ? { method: route.method, path }
    : { method: route.method, path, headers: { 'content-type': 'application/json' }, body }
}
