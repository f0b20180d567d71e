import fc from 'fast-check'
import { type Ask, JSON_TYPE } from './item.ts'
import { type Described, pathOf, type Schema, sampleOf } from './openapi.ts'

const PROTOTYPE = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', 'toJSON']
const SNIPPETS = [
  ...PROTOTYPE,
  ..."'; drop table actors; --|${event.subject}|{{x}}|<script>|xstate.done.actor.approve|../..|%00|%2e%2e%2f|null|NaN|1e400|-0".split(
    '|',
  ),
  ...'9223372036854775808|18446744073709551616|0000-01-01T00:00:00Z|9999-12-31T23:59:59-14:00|0x10|[object Object]|*|'.split(
    '|',
  ),
]

/** Half of a surrogate pair, or both in the wrong order. */
const halves = fc
  .array(fc.integer({ min: 0xd800, max: 0xdfff }), { minLength: 1, maxLength: 3 })
  .map((codes) => String.fromCharCode(...codes))

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...SNIPPETS) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
  { weight: 1, arbitrary: halves },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 20_000 }).map((length) => 'x'.repeat(length)) },
)

const number = fc.oneof(
  fc.constantFrom(0, -0, -1, 1.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 2 ** 63, 1e308, Number.MIN_VALUE),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)

/** Any JSON, with keys that objects already have. As text, since an object could not hold `__proto__`. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false', '[]', '{}', '1e400', '-0', '9007199254740993'),
    number.map((value) => JSON.stringify(value)),
    text.map((value) => JSON.stringify(value)),
    fc.array(tie('json'), { maxLength: 4 }).map((items) => `[${items.join()}]`),
    fc.array(fc.tuple(text, tie('json')), { maxLength: 4 }).map((members) => objectOf(members)),
  ),
}))

const deep = fc
  .tuple(
    fc.integer({ min: 1, max: 20_000 }),
    fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[{"type":', '}]']),
    fc.boolean(),
  )
  .map(([levels, [open, close], closed]) => `${open?.repeat(levels)}1${closed ? close?.repeat(levels) : ''}`)

function objectOf(members: readonly (readonly [string, string])[]): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`
}

/** A body for a schema: as it should be, wrong in one place, in many, or nothing of the kind. */
function bodyOf(schema: Schema | undefined, samples: readonly object[]): fc.Arbitrary<string> {
  const whole = schema ? [sampleOf(schema)] : samples
  const names = [...Object.keys(schema?.properties ?? {}), ...samples.flatMap(Object.keys)]
  const valid = fc.constantFrom(...whole.map((sample) => JSON.stringify(sample)), '{}')
  const member = fc.tuple(names.length > 0 ? fc.oneof(fc.constantFrom(...names), text) : text, json)
  const wrong = fc
    .tuple(fc.constantFrom(...whole), fc.array(member, { minLength: 1, maxLength: 5 }))
    .map(([sample, members]) => {
      const kept = Object.entries(sample ?? {}).map(([name, value]) => [name, JSON.stringify(value)] as const)
      // The last one counts, as JSON has it.
      return objectOf([...kept, ...members])
    })
  const cut = fc.tuple(valid, fc.nat(60)).map(([body, at]) => body.slice(0, at))
  return fc.oneof(
    { weight: 6, arbitrary: valid },
    { weight: 4, arbitrary: wrong },
    { weight: 2, arbitrary: json },
    { weight: 1, arbitrary: cut },
    { weight: 1, arbitrary: deep },
  )
}

const DEFINITION = { metadata: { id: 'fuzz', name: 'Fuzz', version: '1.0.0' }, triggers: [{ on: 'a.b' }] }
const SENT = [
  { type: 'a.b' },
  { kind: 'freeze' },
  { alerts: [{ labels: { alertname: 'x' } }] },
  { specversion: '1.0', id: '1', source: '/x', type: 'a.b' },
  DEFINITION,
]
const IDS = [
  'yard',
  'one',
  'stb-1',
  '1',
  'fp-ours',
  '1.0.0',
  'theirs',
  'other:theirs',
  'stb-9',
  'fp-theirs',
  'nobody',
  '..',
  '.',
  '0',
]

/** Nothing, most of the time: where everything is wrong at once, only the first thing is looked at. */
function rarely<T>(arbitrary: fc.Arbitrary<T>, otherwise: T): fc.Arbitrary<T> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(otherwise) }, { weight: 2, arbitrary })
}

/** What a header may hold at all: anything else the client itself refuses to send. */
const headerText = fc
  .oneof(
    fc.constantFrom('*', '"1"', 'W/"1"', 'null', '1.1', '0', 'https://evil.example', 'gzip', 'application/xml', ''),
    text,
  )
  .map((value) => value.replaceAll(/[^\t\x20-\x7e]/g, '').slice(0, 300))
const headers = rarely(
  fc.dictionary(
    fc.constantFrom(
      'content-type',
      'if-match',
      'if-none-match',
      'idempotency-key',
      'x-request-id',
      'last-event-id',
      'accept',
      'origin',
      'cookie',
      'sec-fetch-site',
      'ce-id',
      'ce-type',
      'ce-source',
      'ce-specversion',
      'content-encoding',
      'x-forwarded-for',
      'x-http-method-override',
      'range',
      'traceparent',
    ),
    headerText,
    { maxKeys: 2 },
  ),
  {},
)

/** Any request to any route that is described: fitting, wrong in one place, in many, or strange. */
export function requests(routes: readonly Described[]): fc.Arbitrary<Ask> {
  return fc.constantFrom(...routes).chain((route) => {
    const ids = fc.array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...IDS) }, { weight: 1, arbitrary: text }), {
      minLength: 2,
      maxLength: 2,
    })
    const known = Object.keys(route.query)
    const query = rarely(
      fc.array(
        fc.tuple(known.length > 0 ? fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...known) }, text) : text, text),
        { maxLength: 3 },
      ),
      [],
    )
    const hasBody = route.method !== 'GET' && route.method !== 'DELETE'
    const body: fc.Arbitrary<string | undefined> = hasBody
      ? bodyOf(route.body, route.open.length > 0 ? SENT : [{}])
      : fc.constant(undefined)
    const as = fc.constantFrom(...(route.open.length > 0 ? route.open : ['application/json']))
    return fc.record({ ids, query, body, as, headers, given: fc.boolean() }).map((drawn) => {
      const params = drawn.given ? {} : Object.fromEntries(route.params.map((name, at) => [name, drawn.ids[at] ?? '']))
      const asked = drawn.query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
      const path = `${pathOf(route, params)}${asked === '' ? '' : `?${asked}`}`.slice(0, 8_000)
      const type = drawn.as === '*/*' ? JSON_TYPE : { 'content-type': drawn.as }
      return {
        method: route.method,
        path,
        headers: { ...(hasBody ? type : {}), ...drawn.headers },
        ...(drawn.body === undefined ? {} : { body: drawn.body }),
      }
    })
  })
}

function encode(value: string): string {
  return encodeURIComponent(value.toWellFormed())
}

const TOKENS = [
  ...'data event alert now device steps result true false null 1 1.5 -1 "a" \'b\' . , ( ) [ ] { } : ? + - * / % ! && || == != < >= in'.split(
    ' ',
  ),
  ...'has( size( .all( .map( .exists( .filter( .matches( .startsWith( x, string( int( duration( timestamp( cel.bind( data.a'.split(
    ' ',
  ),
]

/** Words of CEL in any order. */
export const expressions = fc.array(fc.constantFrom(...TOKENS), { maxLength: 30 }).map((tokens) => tokens.join(' '))

/** A request as bytes, with a few of them changed, doubled or gone. */
export const damagedRequests = fc
  .array(
    fc.tuple(
      fc.nat(200),
      fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        ' ',
        ':',
        '\u0000',
        '\u00ff',
        'x',
        '0',
        '-',
        'Content-Length: 5\r\n',
        'Transfer-Encoding: chunked\r\n',
        'Host: evil\r\n',
        '',
      ),
      fc.nat(4),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((changes) => {
    const whole =
      'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 14\r\nConnection: close\r\n\r\n{"type":"a.b"}'
    return changes.reduce((bytes, [at, put, gone]) => `${bytes.slice(0, at)}${put}${bytes.slice(at + gone)}`, whole)
  })
