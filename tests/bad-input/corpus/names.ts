import { get, type Item, post, type Surface, TAKEN_OR_REFUSED } from '../item.ts'

/** Names that are an object's own in JavaScript, or were once the way into its prototype. */
const PROTOTYPE_KEYS = [
  '__proto__ constructor prototype toString hasOwnProperty valueOf __defineGetter__ isPrototypeOf then toJSON',
  'constructor.prototype __proto__.polluted',
].flatMap((line) => line.split(' '))

const enc = encodeURIComponent
type Place = readonly [surface: Surface, where: string, ask: (name: string) => Item['ask'], expect?: readonly number[]]

const FOUND_OR_NOT = [200, 400, 404]

const PLACES_OF_KEYS: readonly Place[] = [
  ['S6', 'agent id', (name) => get(`/v1/agents/${enc(name)}`)],
  ['S6', 'version', (name) => get(`/v1/agents/yard/versions/${enc(name)}`)],
  ['S6', 'machine', (name) => get(`/v1/machines/${enc(name)}`)],
  ['S6', 'kind of actor', (name) => get(`/v1/actors/${enc(name)}/x`)],
  [
    'S6',
    'actor to start',
    (name) => ({
      method: 'PUT',
      path: `/v1/actors/${enc(name)}/x`,
      headers: { 'content-type': 'application/json' },
      body: '{}',
    }),
  ],
  ['S6', 'source', (name) => post(`/v1/ingest/${enc(name)}`, '{"type":"a.b"}')],
  ['S6', 'query parameter', (name) => get(`/v1/events?${enc(name)}=1`)],
  ['S6', 'filter', (name) => get(`/v1/instances?state=${enc(name)}&agent=${enc(name)}`), FOUND_OR_NOT],
  [
    'S1',
    'field',
    (name) => post('/v1/tickets', `{"pool":"p","wants":{"count":1},${JSON.stringify(name)}:{"polluted":1}}`),
    TAKEN_OR_REFUSED,
  ],
  [
    'S4',
    'event field',
    (name) => post('/v1/events', `{"type":"a.b",${JSON.stringify(name)}:{"polluted":1}}`),
    TAKEN_OR_REFUSED,
  ],
  [
    'S4',
    'deep in data',
    (name) => post('/v1/events', `{"type":"a.b","data":{${JSON.stringify(name)}:{"polluted":1}}}`),
    TAKEN_OR_REFUSED,
  ],
  [
    'S2',
    'label',
    (name) => post('/v1/alerts', `{"kind":"freeze","labels":{${JSON.stringify(name)}:"polluted"}}`),
    TAKEN_OR_REFUSED,
  ],
  ['S2', 'kind of alert', (name) => post('/v1/alerts', JSON.stringify({ kind: name })), TAKEN_OR_REFUSED],
  ['S4', 'event type', (name) => post('/v1/events/dry-run', JSON.stringify({ type: name })), FOUND_OR_NOT],
  [
    'S1',
    'event for an actor',
    (name) => post('/v1/actors/thing/one/events', `{"type":"NOPE",${JSON.stringify(name)}:{"polluted":1}}`),
    TAKEN_OR_REFUSED,
  ],
  [
    'S1',
    'type for an actor',
    (name) => post('/v1/actors/thing/one/events', JSON.stringify({ type: name })),
    TAKEN_OR_REFUSED,
  ],
  [
    'S3',
    'key of a definition',
    (name) =>
      post('/v1/agents/validate', `${enc(name)}: {polluted: 1}\nmetadata: {id: a, name: a, version: 1.0.0}\n`, {
        'content-type': 'application/yaml',
      }),
  ],
]

/** Class 5: names that JavaScript knows. `__proto__` itself is dropped from JSON, so some of these are whole without it. */
export function prototypeKeys(): Item[] {
  return PLACES_OF_KEYS.flatMap(([surface, where, ask, expect]) =>
    PROTOTYPE_KEYS.map(
      (name): Item => ({
        class: 5,
        surface,
        name: `${name} as ${where}`,
        ask: ask(name),
        ...(expect ? { expect } : {}),
      }),
    ),
  )
}

/** Text that looks like other text, or like none. */
const STRANGE = [
  // Seen one way and read another: directions, nothing, other alphabets, other compositions.
  '\u202eevil|a\u200bb|a\u2060b|\ufeffa|раris|ｐaris|a\u0301|\u00e1|\u1e9b\u0323|ﬁ|ß|İ|\u2066\u2069|Z̸͎̾a̵l̶g̷o̸|١٢٣|１|ª|\u3164',
  // Beyond the first plane, no characters, other lines, controls, halves, nothing at all.
  '💥|👩‍👩‍👧|\u{10ffff}|\ufffe|\ufffd|\u2028|\u2029|\u0085|a\u0007b|a\u001b[31mb|a\u007fb|\ud800|\udc00a|a\u0000b|\u0000| |\t|a\r\nb',
].flatMap((line) => line.split('|'))

const PLACES_OF_TEXT: readonly Place[] = [
  ['S6', 'agent id', (text) => get(`/v1/agents/${wire(text)}`)],
  ['S6', 'device', (text) => get(`/v1/devices/${wire(text)}`)],
  ['S6', 'fingerprint', (text) => get(`/v1/alerts/${wire(text)}`)],
  ['S6', 'filter', (text) => get(`/v1/events?subject=${wire(text)}`), FOUND_OR_NOT],
  ['S6', 'search', (text) => get(`/v1/agents?q=${wire(text)}`), FOUND_OR_NOT],
  [
    'S4',
    'subject, id and data',
    (text) => post('/v1/events', JSON.stringify({ type: 'a.b', id: text, subject: text, data: { [text]: text } })),
    TAKEN_OR_REFUSED,
  ],
  ['S4', 'type', (text) => post('/v1/events', JSON.stringify({ type: `a.${text}x` })), [202, 400]],
  [
    'S2',
    'labels and device',
    (text) =>
      post('/v1/alerts', JSON.stringify({ kind: 'freeze', device: text, host: text, labels: { [text]: text } })),
    TAKEN_OR_REFUSED,
  ],
]

/** Class 4: text that no eye tells apart, that no database takes, or that no terminal should show. */
export function unicode(): Item[] {
  return PLACES_OF_TEXT.flatMap(([surface, where, ask, expect]) =>
    STRANGE.map(
      (text): Item => ({
        class: 4,
        surface,
        name: `${JSON.stringify(text)} as ${where}`,
        ask: ask(text),
        ...(expect ? { expect } : {}),
      }),
    ),
  )
}

/** As bytes of UTF-8, also where that is not allowed. */
function wire(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}

const RESERVED = [
  '',
  ...'* xstate. xstate.init xstate.stop xstate.done.actor.approve xstate.error.actor.step'.split(' '),
]
const BAD_TYPES = [
  ...RESERVED,
  ...'xstate.after.1000.m.a xstate.done.state.m xstate.snapshot.x . .. a. .a a..b a* a.* ** !a é a/b a:b a,b ${a} <b>'.split(
    ' ',
  ),
  'a b',
  ' a',
  'a ',
  'a\nb',
  'xstate\u0000.done.actor.approve',
  `a.${'b.'.repeat(120)}c`,
  'a'.repeat(10_240),
]
const NOT_TEXT = ['null', '0', 'true', '[]', '{}', '["a.b"]', '{"type":"a.b"}']

/** Class 8: types that only the runtime may send, and what is none. */
export function eventTypes(): Item[] {
  const written = [...BAD_TYPES.map((type) => JSON.stringify(type)), ...NOT_TEXT]
  const cloud = (type: string): string => `{"specversion":"1.0","id":"1","source":"/x","type":${type}}`
  const doors: readonly [Surface, string, (type: string) => Item['ask']][] = [
    ['S1', 'an event', (type) => post('/v1/events', `{"type":${type}}`)],
    [
      'S2',
      'a CloudEvent',
      (type) => post('/v1/ingest/cloudevents', cloud(type), { 'content-type': 'application/cloudevents+json' }),
    ],
    ['S4', 'an event in a list', (type) => post('/v1/events', `[{"type":${type}}]`)],
    ['S1', 'an event that is tried out', (type) => post('/v1/events/dry-run', `{"type":${type}}`)],
  ]
  const forActors = [...RESERVED.map((type) => JSON.stringify(type)), ...NOT_TEXT]
  return [
    ...doors.flatMap(([surface, of, ask]) =>
      written.map((type): Item => ({ class: 8, surface, name: `${type.slice(0, 40)} as ${of}`, ask: ask(type) })),
    ),
    ...forActors.map(
      (type): Item => ({
        class: 8,
        surface: 'S1',
        name: `${type} for an actor`,
        ask: post('/v1/actors/thing/one/events', `{"type":${type}}`),
      }),
    ),
  ]
}

const SQL_TEXT = String.raw`'
''
"
\
$1
$$
%
_
%%%
null
1e309
0x1
-1
E'\x27'
';--
' or '1'='1
'; drop table event_log; --
1; delete from actors
' union select null--
'||pg_sleep(10)||'
1 and 1=(select 1 from pg_sleep(10))
'); select pg_terminate_backend(pid) from pg_stat_activity; --
asc; select 1
\'; truncate actors; --`.split('\n')

/** Class 10: SQL wherever text goes. What is stored as text may be taken; no table may notice. */
export function sqlText(): Item[] {
  const places: readonly Place[] = [
    ['S6', 'id', (text) => get(`/v1/agents/${enc(text)}`)],
    ['S6', 'limit', (text) => get(`/v1/events?limit=${enc(text)}`), FOUND_OR_NOT],
    ['S6', 'order', (text) => get(`/v1/actors/thing/one/history?order=${enc(text)}`)],
    ['S6', 'cursor', (text) => get(`/v1/events?cursor=${enc(text)}`), FOUND_OR_NOT],
    ['S6', 'filters', (text) => get(`/v1/events?type=${enc(text)}&subject=${enc(text)}`), FOUND_OR_NOT],
    ['S6', 'search', (text) => get(`/v1/instances?q=${enc(text)}&state=${enc(text)}`), FOUND_OR_NOT],
    [
      'S6',
      'audit',
      (text) => get(`/v1/audit?action=${enc(text)}&target=${enc(text)}&principal=${enc(text)}`),
      FOUND_OR_NOT,
    ],
    [
      'S1',
      'text of an event',
      (text) => post('/v1/events', JSON.stringify({ type: 'a.b', id: text, source: text, subject: text, data: text })),
      [202, 400, 409],
    ],
    ['S1', 'owner of nothing', (text) => post('/v1/instances', JSON.stringify({ agent: text }))],
  ]
  return places.flatMap(([surface, where, ask, expect]) =>
    SQL_TEXT.map(
      (text): Item => ({
        class: 10,
        surface,
        name: `${text} as ${where}`,
        ask: ask(text),
        ...(expect ? { expect } : {}),
      }),
    ),
  )
}
