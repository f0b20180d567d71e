/** Bytes on a connection, and what the first answer on it may be. */
export interface RawItem {
  class: 12 | 14
  name: string
  pieces: readonly (string | Uint8Array)[]
  expect: readonly number[]
  /** The answer is a bare status line: no page can read what a refused WebSocket was told. */
  bare?: boolean
  /** The sender says that it has no more, and listens on. */
  halfClose?: boolean
}

const REFUSED: readonly number[] = [400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 417, 426, 431, 501, 505].filter(
  (status) => status < 500,
)
const TAKEN: readonly number[] = [200, 202, ...REFUSED]
const BODY = '{"type":"a.b"}'

function head(lines: readonly string[], request = 'POST /v1/events HTTP/1.1'): string {
  return `${[request, ...lines].join('\r\n')}\r\n\r\n`
}

const HOST = 'Host: localhost'
const JSON_LINE = 'Content-Type: application/json'
const CLOSE = 'Connection: close'

/** Two senses of where a body ends: whoever stands before us could have taken the other one. */
const FRAMINGS: readonly [name: string, lines: string[], body: string][] = [
  ['length and chunks', ['Content-Length: 14', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
  ['chunks and length', ['Transfer-Encoding: chunked', 'Content-Length: 5'], '0\r\n\r\nGET /x HTTP/1.1\r\n\r\n'],
  ['two lengths', ['Content-Length: 14', 'Content-Length: 4'], BODY],
  ['two lengths in one', ['Content-Length: 14, 4'], BODY],
  ['the same length twice', ['Content-Length: 14', 'Content-Length: 14'], BODY],
  ['a length with a sign', ['Content-Length: +14'], BODY],
  ['a negative length', ['Content-Length: -1'], BODY],
  ['a length in hexadecimal', ['Content-Length: 0xe'], BODY],
  ['a length with a unit', ['Content-Length: 14b'], BODY],
  ['an empty length', ['Content-Length:'], BODY],
  ['a length of 21 digits', ['Content-Length: 999999999999999999999'], BODY],
  ['a length with a point', ['Content-Length: 14.0'], BODY],
  ['chunks twice', ['Transfer-Encoding: chunked, chunked'], '0\r\n\r\n'],
  ['chunks in two headers', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
  ['an encoding nobody knows', ['Transfer-Encoding: lizard'], BODY],
  ['chunks, then identity', ['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'],
  ['chunks with a tab', ['Transfer-Encoding:\tchunked', 'Content-Length: 5'], '0\r\n\r\n'],
  ['chunks with a space before the colon', ['Transfer-Encoding : chunked'], '0\r\n\r\n'],
  ['chunks in another case, with a tail', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'],
  ['chunks with a vertical tab', ['Transfer-Encoding: \u000bchunked'], '0\r\n\r\n'],
]

const CHUNKS: readonly [name: string, body: string][] = [
  ['a size that is none', 'zz\r\nx\r\n0\r\n\r\n'],
  ['a negative size', '-1\r\nx\r\n0\r\n\r\n'],
  ['a size of 17 digits', '11111111111111111\r\nx\r\n0\r\n\r\n'],
  ['a size in 0x', '0xe\r\n{"type":"a.b"}\r\n0\r\n\r\n'],
  ['no line end after a chunk', 'e\r\n{"type":"a.b"}0\r\n\r\n'],
  ['more than was said', '2\r\n{"type":"a.b"}\r\n0\r\n\r\n'],
  ['a bare line feed', 'e\n{"type":"a.b"}\n0\n\n'],
  ['a space before the size', ' e\r\n{"type":"a.b"}\r\n0\r\n\r\n'],
  ['an extension of 20 KB', `e;${'x'.repeat(20_000)}\r\n{"type":"a.b"}\r\n0\r\n\r\n`],
  ['a trailer with a forbidden name', 'e\r\n{"type":"a.b"}\r\n0\r\nContent-Length: 5\r\nX: \u0000\r\n\r\n'],
]

const LINES: readonly string[] = [
  'Host: localhost\r\nHost: example.com',
  'Host: a b',
  'Host: user@localhost',
  'Host: localhost:99999',
  'Host: localhost/x',
  'Host: [::1',
  'Host: \u0001',
  'Host:',
  'Host: localhost\r\n X: folded',
  'Host: localhost\r\nX: a\u0000b',
  'Host: localhost\r\nX\u0000: b',
  'Host: localhost\r\n: nothing',
  'Host: localhost\r\nno colon',
  'Host: localhost\r\nX : y',
  'Host: localhost\r\nX: a\rb',
  'Host: localhost\nX: a',
  'Host: localhost\r\n(x): y',
  'Host: localhost\r\nX: \u007f',
]

const REQUEST_LINES: readonly [line: string, expect: readonly number[]][] = [
  ['GET /livez', TAKEN],
  ['GET  /livez HTTP/1.1', TAKEN],
  ['GET /livez HTTP/2.0', TAKEN],
  ['GET /livez HTTP/9.9', REFUSED],
  ['GET /livez http/1.1', REFUSED],
  ['GET /li vez HTTP/1.1', REFUSED],
  ['GET /livez HTTP/1.1 x', REFUSED],
  ['get /livez HTTP/1.1', REFUSED],
  ['G\u0000T /livez HTTP/1.1', REFUSED],
  ['GET\t/livez\tHTTP/1.1', REFUSED],
  ['NONSENSE', REFUSED],
  ['', REFUSED],
  ['\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001', REFUSED],
  ['PRI * HTTP/2.0', REFUSED],
  ['*1', REFUSED],
  ['GET livez HTTP/1.1', REFUSED],
  ['GET \\livez HTTP/1.1', REFUSED],
  ['GET /v1\\..\\livez HTTP/1.1', REFUSED],
  ['GET * HTTP/1.1', REFUSED],
  ['OPTIONS * HTTP/1.1', TAKEN],
  ['GET http://localhost/livez HTTP/1.1', TAKEN],
  ['GET http://example.com/v1/agents HTTP/1.1', REFUSED],
  ['GET http://user:x@localhost/v1/agents HTTP/1.1', REFUSED],
  ['GET ftp://localhost/livez HTTP/1.1', REFUSED],
  ['GET http:///livez HTTP/1.1', TAKEN],
  ['GET http://[::1/livez HTTP/1.1', REFUSED],
  ['GET /livez#x HTTP/1.1', TAKEN],
  ['GET /caf\u00e9 HTTP/1.1', REFUSED],
  [`GET /${'a'.repeat(20_000)} HTTP/1.1`, REFUSED],
  ['CONNECT localhost:5432 HTTP/1.1', [...REFUSED, 0]],
  ['TRACE /livez HTTP/1.1', REFUSED],
  ['GET /livez HTTP/1.0', TAKEN],
]

const thousand = Array.from({ length: 1_000 }, (_, at) => `X-${at}: 1`)
const megabyte = 'x'.repeat(65_536)
const chunk = `10000\r\n${megabyte}\r\n`

/** Class 12: what a client library would never send. `key` is the header line of somebody who may. */
export function wire(key: string): RawItem[] {
  const door = [HOST, JSON_LINE, key, CLOSE]
  const item = (name: string, pieces: RawItem['pieces'], expect = REFUSED, more: Partial<RawItem> = {}): RawItem => ({
    class: 12,
    name,
    pieces,
    expect,
    ...more,
  })
  return [
    ...FRAMINGS.map(([name, lines, body]) =>
      item(name, [head([...door, ...lines]), body], name.startsWith('the same') ? TAKEN : REFUSED),
    ),
    ...CHUNKS.map(([name, body]) =>
      item(`chunks: ${name}`, [head([...door, 'Transfer-Encoding: chunked']), body], REFUSED),
    ),
    ...LINES.map((line) =>
      item(
        `headers: ${JSON.stringify(line.slice(0, 40))}`,
        [head([line, CLOSE, key], 'GET /v1/agents HTTP/1.1')],
        line.includes('99999') ? TAKEN : REFUSED,
      ),
    ),
    ...REQUEST_LINES.map(([line, expect]) =>
      item(`line: ${JSON.stringify(line.slice(0, 40))}`, [head([HOST, CLOSE], line)], expect),
    ),
    item('no host', [head([CLOSE], 'GET /livez HTTP/1.1')]),
    item('20 KB in one header', [head([HOST, CLOSE, `X: ${'y'.repeat(20_000)}`], 'GET /livez HTTP/1.1')], [431]),
    item(
      '20 KB in many headers',
      [
        head(
          [HOST, CLOSE, ...Array.from({ length: 200 }, (_, at) => `X-${at}: ${'y'.repeat(100)}`)],
          'GET /livez HTTP/1.1',
        ),
      ],
      [431],
    ),
    item('1,000 headers', [head([HOST, CLOSE, ...thousand], 'GET /livez HTTP/1.1')], TAKEN),
    item(
      'a cookie of 15 KB',
      [head([HOST, CLOSE, `Cookie: ${'a=b;'.repeat(3_700)}`], 'GET /v1/agents HTTP/1.1')],
      [401],
    ),
    item(
      'chunked over the limit',
      [head([...door, 'Transfer-Encoding: chunked']), ...Array.from({ length: 20 }, () => chunk), '0\r\n\r\n'],
      [413, 0],
    ),
    item('a length over the limit, and no body', [head([...door, 'Content-Length: 2000000'])], [413]),
    item('a length over the limit of all', [head([...door, 'Content-Length: 99999999999'])], [413]),
    item('less than was said', [head([...door, 'Content-Length: 100']), BODY], [...REFUSED, 0], { halfClose: true }),
    item('chunks that end too early', [head([...door, 'Transfer-Encoding: chunked']), 'e\r\n{"type'], [...REFUSED, 0], {
      halfClose: true,
    }),
    item(
      'chunks without an end',
      [head([...door, 'Transfer-Encoding: chunked']), 'e\r\n{"type":"a.b"}\r\n'],
      [...REFUSED, 0],
      { halfClose: true },
    ),
    item('an expectation', [head([...door, 'Content-Length: 14', 'Expect: 100-continue']), BODY], TAKEN),
    item(
      'an expectation nobody can meet',
      [head([...door, 'Content-Length: 14', 'Expect: 200-lizard']), BODY],
      [...TAKEN, 417],
    ),
    item(
      'an upgrade to nothing',
      [head([HOST, key, 'Connection: Upgrade, close', 'Upgrade: lizard'], 'GET /v1/agents/nobody HTTP/1.1')],
      [404],
    ),
    item(
      'an upgrade to HTTP/2',
      [
        head(
          [HOST, 'Connection: Upgrade, HTTP2-Settings, close', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
          'GET /livez HTTP/1.1',
        ),
      ],
      [200],
    ),
    item('two requests, the second broken', [head([HOST], 'GET /livez HTTP/1.1'), 'NONSENSE\r\n\r\n'], TAKEN),
    item(
      'a hundred requests at once',
      [head([HOST], 'GET /livez HTTP/1.1').repeat(99), head([HOST, CLOSE], 'GET /livez HTTP/1.1')],
      [200],
    ),
    item('nothing at all', [''], [0], { halfClose: true }),
    item('line ends only', ['\r\n\r\n\r\n'], [...REFUSED, 0], { halfClose: true }),
    item('a byte at a time', [...head([HOST, CLOSE], 'GET /livez HTTP/1.1')], [200]),
    item('zeros', [Buffer.alloc(10_000)], REFUSED),
  ]
}

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
const UPGRADE = [HOST, 'Connection: Upgrade', 'Upgrade: websocket']

/** Class 14, at the door of the WebSocket. */
export function sockets(key: string): RawItem[] {
  const item = (name: string, lines: string[], expect: readonly number[], path = '/v1/live/ws'): RawItem => ({
    class: 14,
    name,
    pieces: [head(lines, `GET ${path} HTTP/1.1`)],
    expect,
    bare: true,
  })
  const version = 'Sec-WebSocket-Version: 13'
  return [
    item('a socket without a key of ours', [...UPGRADE, KEY, version], [401]),
    item(
      'a socket with a wrong key of ours',
      [...UPGRADE, KEY, version, `Authorization: Bearer trp_${'x'.repeat(40)}`],
      [401],
    ),
    item('a socket from another site', [...UPGRADE, KEY, version, key, 'Origin: https://evil.example'], [403]),
    item('a socket from nowhere', [...UPGRADE, KEY, version, key, 'Origin: null'], [403]),
    item('a socket without a version', [...UPGRADE, KEY, key], [400, 426]),
    item('a socket of version 99', [...UPGRADE, KEY, key, 'Sec-WebSocket-Version: 99'], [400, 426]),
    item('a socket without its own key', [...UPGRADE, version, key], [400]),
    item('a socket with a short key', [...UPGRADE, version, key, 'Sec-WebSocket-Key: x'], [400]),
    item('a socket with two keys', [...UPGRADE, version, key, KEY, KEY], [400]),
    item('a socket where there is none', [...UPGRADE, KEY, version, key], [400, 404, 426], '/v1/agents/nobody'),
    item('a socket at a path that is none', [...UPGRADE, KEY, version, key], [400, 404, 426], '/nowhere'),
    item('a socket with a bad topic', [...UPGRADE, KEY, version, key], [400], '/v1/live/ws?topics=lizards'),
    item('a socket with a bad cursor', [...UPGRADE, KEY, version, key], [400], '/v1/live/ws?cursor=x'),
    item(
      'a socket with a cursor beyond numbers',
      [...UPGRADE, KEY, version, key],
      [400],
      `/v1/live/ws?cursor=${'9'.repeat(20)}.1`,
    ),
    item('a socket by POST', [HOST, KEY, version, key, 'Connection: close'], [400, 426]),
  ]
}
