import { gzipSync } from 'node:zlib'
import { type Ask, type Item, JSON_TYPE, post, type Surface } from '../item.ts'

const DOORS: readonly [surface: Surface, path: string][] = [
  ['S1', '/v1/tickets'],
  ['S4', '/v1/events'],
  ['S2', '/v1/ingest/auto'],
  ['S2', '/v1/alerts'],
  ['S2', '/api/v2/alerts'],
]

const EMPTY = JSON.stringify({ type: 'a.b', data: '' }).length
const bomb = gzipSync(Buffer.alloc(1_000_000, 0x20))

/** Made when they are sent, one door after another: together they would be a few hundred megabytes. */
const BODIES: readonly [name: string, body: () => string | Uint8Array, headers?: Record<string, string>][] = [
  ['200,000 open brackets', () => '['.repeat(200_000)],
  ['200,000 open braces', () => '{"a":'.repeat(200_000)],
  ['101 levels, closed', () => `${'['.repeat(101)}${']'.repeat(101)}`],
  ['5,000 levels, closed', () => `${'{"a":['.repeat(2_500)}1${']}'.repeat(2_500)}`],
  [
    '101 levels after a text with brackets',
    () => `{"type":"a.b","x":"]]]]\\"]]","data":${'['.repeat(101)}${']'.repeat(101)}}`,
  ],
  ['one byte over the limit', () => JSON.stringify({ type: 'a.b', data: 'x'.repeat(1024 * 1024 + 1 - EMPTY) })],
  ['10 MB of text', () => JSON.stringify({ type: 'a.b', data: 'x'.repeat(10_000_000) })],
  ['a number of 500,000 digits', () => `{"type":"a.b","data":${'9'.repeat(500_000)}}`],
  ['a key of 900,000 letters', () => `{"type":"a.b","${'k'.repeat(900_000)}":1}`],
  ['100,000 unknown keys', () => `{${Array.from({ length: 100_000 }, (_, at) => `"k${at}":1`).join(',')}}`],
  ['100,000 empty items', () => `[${'{},'.repeat(99_999)}{}]`],
  ['100,000 zeros', () => `[${'0,'.repeat(99_999)}0]`],
  ['a type of 10 KB', () => JSON.stringify({ type: 'a'.repeat(10_240), kind: '' })],
  ['a bomb of gzip', () => bomb, { 'content-encoding': 'gzip' }],
  ['a bomb of gzip, in capitals', () => bomb, { 'content-encoding': 'GZIP' }],
  ['a bomb in a bomb', () => gzipSync(bomb), { 'content-encoding': 'gzip, gzip' }],
  ['brotli', () => bomb, { 'content-encoding': 'br' }],
  ['an encoding nobody knows', () => '{}', { 'content-encoding': 'lizard' }],
]

/** Class 3: too deep, too much, or packed. */
export function size(): Item[] {
  const long = 'k'.repeat(40_000)
  const device = '"kind":"stb","pool":"p","host":"h","gateway":"http://127.0.0.1:9/","connectivity":"online"'
  const cloud = '"specversion":"1.0","id":"1","source":"/x","type":"a.b"'
  const echoes: [name: string, ask: Ask][] = [
    ['a label of 40,000 letters', post('/v1/alerts', `{"kind":"freeze","labels":{"${long}":1}}`)],
    ['an attribute of 40,000 letters', post('/v1/events', `{${cloud},"${long}":1}`)],
    [
      'a label of a device of 40,000 letters',
      { ...post('/v1/devices/stb-1', `{${device},"labels":{"${long}":1}}`), method: 'PUT' },
    ],
  ]
  return [...echoes.map(([name, ask]): Item => ({ class: 3, surface: 'S1', name, ask })), ...doors()]
}

function doors(): Item[] {
  return DOORS.flatMap(([surface, path]) =>
    BODIES.map(([name, body, headers]): Item => ({ class: 3, surface, name, ask: lazily(path, body, headers) })),
  )
}

function lazily(path: string, body: () => string | Uint8Array, headers: Record<string, string> = {}): Ask {
  const ask = post(path, '', { ...JSON_TYPE, ...headers })
  return Object.defineProperty(ask, 'body', { get: body, enumerable: true })
}
