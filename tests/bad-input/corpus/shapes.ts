import { type Ask, type Item, post, type Surface, TAKEN_OR_REFUSED } from '../item.ts'
import { admits, askOf, type Described, describedRoutes, type Schema, sampleOf } from '../openapi.ts'

/** Twenty values, as JSON: whatever a field is, most of them are not it. */
const VALUES = [
  ...'null true false 0 -0 -1 1.5 1e308 1e400 9007199254740993 "" "x" "null" "\\u0000" [] [null] [[]] {} {"a":1}'.split(
    ' ',
  ),
  JSON.stringify('x'.repeat(40_000)),
]

const text = (maxLength: number, more: Schema = {}): Schema => ({ type: 'string', minLength: 1, maxLength, ...more })
const oneOf = (...words: string[]): Schema => ({ enum: words })
const time = text(64, { format: 'date-time' })
const labels: Schema = { type: 'object', additionalProperties: { type: 'string' } }
const anything: Schema = {}
const type = text(200, { pattern: '^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$' })

function strict(properties: Record<string, Schema>, ...required: string[]): Schema {
  return { type: 'object', properties, required, additionalProperties: false }
}

const status = oneOf('firing', 'resolved')
const word = text(128)
const alert = strict(
  {
    kind: text(200),
    status,
    device: word,
    host: word,
    severity: { type: 'string', maxLength: 64 },
    startsAt: time,
    endsAt: time,
    labels,
    annotations: labels,
    fingerprint: text(200),
    id: text(240),
  },
  'kind',
)
const event = strict(
  {
    type,
    source: text(512),
    subject: text(256),
    id: text(256),
    time,
    correlationid: text(256),
    causationid: text(256),
    severity: oneOf('critical', 'high', 'warning', 'info', 'low'),
    priority: { anyOf: [{ type: 'integer', minimum: 0, maximum: 100 }, oneOf('critical', 'high', 'normal', 'low')] },
    data: anything,
  },
  'type',
)
const cloudEvent: Schema = {
  type: 'object',
  properties: {
    specversion: oneOf('1.0'),
    id: text(256),
    source: text(512),
    type,
    subject: text(256),
    time,
    datacontenttype: text(1_000),
    correlationid: text(256),
    severitynumber: { type: 'integer', minimum: 1, maximum: 24 },
    severitytext: text(64),
  },
  required: ['specversion', 'id', 'source', 'type'],
}
const groupAlert: Schema = {
  type: 'object',
  properties: {
    labels,
    annotations: labels,
    startsAt: time,
    endsAt: time,
    generatorURL: { type: 'string' },
  },
  required: ['labels'],
}

/** What the description leaves to the senders' own formats. */
/** `null` counts as unset in the JSON format of CloudEvents, and in what programs in Go send. */
const unset: Schema = { type: 'null' }
function orUnset(schema: Schema): Schema {
  const members = Object.entries(schema.properties ?? {}).map(
    ([name, member]) => [name, schema.required?.includes(name) ? member : { anyOf: [member, unset] }] as const,
  )
  return { ...schema, properties: Object.fromEntries(members) }
}

const SENDERS: readonly {
  surface: Surface
  name: string
  schema: Schema
  sample: object
  ask: (body: string) => Ask
}[] = [
  { surface: 'S4', name: 'event', schema: event, sample: { type: 'a.b' }, ask: (body) => post('/v1/events', body) },
  {
    surface: 'S4',
    name: 'event tried out',
    schema: event,
    sample: { type: 'a.b' },
    ask: (body) => post('/v1/events/dry-run', body),
  },
  { surface: 'S2', name: 'alert', schema: alert, sample: { kind: 'freeze' }, ask: (body) => post('/v1/alerts', body) },
  {
    surface: 'S2',
    name: 'CloudEvent',
    schema: orUnset(cloudEvent),
    sample: { specversion: '1.0', id: '1', source: '/x', type: 'a.b' },
    ask: (body) => post('/v1/ingest/cloudevents', body, { 'content-type': 'application/cloudevents+json' }),
  },
  {
    surface: 'S2',
    name: 'alert of Prometheus',
    schema: orUnset(groupAlert),
    sample: { labels: { alertname: 'x' } },
    ask: (body) => post('/api/v2/alerts', `[${body}]`),
  },
]

/** Class 2: the right words in the wrong shape, one at a time, for every field that there is. */
export async function shapes(): Promise<Item[]> {
  const routes = await describedRoutes()
  return [...routes.flatMap(wrongBodies), ...routes.flatMap(wrongQueries), ...SENDERS.flatMap(wrongEvents)]
}

function wrongBodies(route: Described): Item[] {
  if (route.method === 'GET') return []
  const { body: schema } = route
  if (!schema)
    return route.open.length > 0 || route.method !== 'POST' || route.path === '/v1/session' ? [] : bodiesOfNone(route)
  return mistakes(schema, sampleOf(schema)).map(([name, body, fits]) =>
    item('S1', `${route.name}: ${name}`, askOf(route, { body }), fits),
  )
}

/** A command that takes nothing is given something. */
function bodiesOfNone(route: Described): Item[] {
  return ['null', '1', '[]', '"x"', '{"x":1}'].map((body) =>
    item('S1', `${route.name}: ${body} for nothing`, askOf(route, { body }), false),
  )
}

function wrongEvents({ surface, name, schema, sample, ask }: (typeof SENDERS)[number]): Item[] {
  return mistakes(schema, sample).map(([what, body, fits]) => item(surface, `${name}: ${what}`, ask(body), fits))
}

/** Name, body, and whether the schema has nothing against it. */
function mistakes(schema: Schema, sample: unknown): [string, string, boolean][] {
  const { properties = {}, required = [] } = schema
  const whole = typeof sample === 'object' && sample !== null ? sample : {}
  const fields = Object.entries(properties).flatMap(([name, member]) =>
    VALUES.map((value): [string, string, boolean] => {
      const others = Object.entries(whole).filter(([other]) => other !== name)
      const members = others.map(([other, one]) => `${JSON.stringify(other)}:${JSON.stringify(one)},`)
      const body = `{${members.join('')}${JSON.stringify(name)}:${value}}`
      return [`${name} is ${value.slice(0, 24)}`, body, admits(member, JSON.parse(value)) && value !== '1e400']
    }),
  )
  const missing = required.map((name): [string, string, boolean] => {
    const body = JSON.stringify({ ...whole, [name]: undefined })
    return [`without ${name}`, body, false]
  })
  const roots = VALUES.slice(0, 17).filter((value) => value !== '[]' && !admits(schema, JSON.parse(value)))
  return [
    ...fields,
    ...missing,
    ...roots.map((body): [string, string, boolean] => [`${body} for the whole`, body, false]),
  ]
}

const NO_NUMBERS = ['', 'x', 'NaN', '1.5', '-1', '99999999999999999999', '1e99', '٣', '1,2', 'null', '[]']
const NO_WORDS = ['', 'x', 'null', 'TRUE', '0', 'a\u0000']
const NO_TIMES = [
  '',
  'x',
  'yesterday',
  '2026-02-30T00:00:00Z',
  '2026-01-01',
  '2026-01-01T25:00:00Z',
  '0',
  '2026-01-01T00:00:00',
  '99999-01-01T00:00:00Z',
]

function wrongQueries(route: Described): Item[] {
  const own = Object.entries(route.query).flatMap(([name, schema]) => {
    const types = [schema.type].flat()
    const values =
      types.includes('integer') || types.includes('number')
        ? NO_NUMBERS
        : schema.format === 'date-time'
          ? NO_TIMES
          : NO_WORDS
    const wrong = values.map((value): Item => {
      const fits =
        !types.includes('integer') &&
        schema.format !== 'date-time' &&
        admits(types.includes('array') ? (schema.items ?? {}) : schema, value)
      return item(
        'S6',
        `${route.name}: ${name}=${value}`,
        askOf(route, { query: `${name}=${encodeURIComponent(value)}` }),
        fits,
      )
    })
    return [
      ...wrong,
      item(
        'S6',
        `${route.name}: ${name} twice`,
        askOf(route, { query: `${name}=a&${name}=b` }),
        types.includes('array'),
      ),
    ]
  })
  const strange = item('S6', `${route.name}: a parameter that nobody knows`, askOf(route, { query: 'nobody=1' }), false)
  return [...own, ...(route.path.startsWith('/v1/') ? [strange] : [])]
}

function item(surface: Surface, name: string, ask: Ask, fits: boolean): Item {
  return { class: 2, surface, name, ask, ...(fits ? { expect: [...TAKEN_OR_REFUSED, 401] } : {}) }
}
