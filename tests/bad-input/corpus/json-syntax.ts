import { type Ask, type Item, JSON_TYPE, post, type Surface, TAKEN_OR_REFUSED } from '../item.ts'

/** Every door that reads JSON by itself: the body would be taken if it were whole. */
const DOORS: readonly [surface: Surface, to: (body: string | Uint8Array) => Ask][] = [
  ['S1', (body) => post('/v1/tickets', body)],
  ['S4', (body) => post('/v1/events', body)],
  ['S2', (body) => post('/v1/ingest/auto', body)],
]

const WHOLE = '{"type":"a.b","data":{"x":[1,true,null,"é\\n\\u00e9",-1.5e3]}}'

/** What JSONTestSuite calls `n_…`: no JSON, though a hasty parser takes it. One a line. */
const NOT_JSON = String.raw`[
]
{
}
,
:
"
'
[]]
{}}
[}
{]
[1,]
[,1]
[1,,2]
[1 2]
{,}
{"a"}
{"a":}
{"a" 1}
{"a":1,}
{"a":1,,"b":2}
{:1}
{1:1}
{a:1}
{'a':1}
{"a":"b"
{"a":1}{
{"a":1} x
{}[]
[1]#
/*x*/{}
{}//x
{/**/}
[1/**/]
<xml/>
type=a.b&x=1
nul
True
FALSE
NaN
Infinity
-Infinity
undefined
[NaN]
[-]
[+1]
[01]
[-01]
[1.]
[.1]
[1e]
[1e+]
[1.e1]
[0x1]
[1_000]
[1,000,]
[--1]
[2.e-3]
[1ea]
[０]
[1e1.5]
["\x"]
["\u12"]
["\u{61}"]
["\"]
["\
["\u
[\n]
[“a”]`.split('\n')

const BLANKS = [' ', '\n', '["\t"]', '["\n"]', '["a\u0000"]', '[\u000b]', '\u2060[]', '[\u00a0]', '//x\n{}', '#x\n{}']
const ENDS = ['{"type":"a.b"}\u0000', '\u0000{"type":"a.b"}', '---\ntype: a.b']

const utf16 = Buffer.from(WHOLE, 'utf16le')
const BYTES: readonly [string, Uint8Array][] = [
  ['a lone continuation byte', Buffer.from([0x22, 0x80, 0x22])],
  ['an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
  ['an overlong NUL', Buffer.from([0x22, 0xc0, 0x80, 0x22])],
  ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ['a character beyond Unicode', Buffer.from([0x22, 0xf4, 0x90, 0x80, 0x80, 0x22])],
  ['half a character', Buffer.from([0x22, 0xe2, 0x82, 0x22])],
  ['Latin-1', Buffer.from('{"type":"é"}', 'latin1')],
  ['UTF-16', utf16],
  ['UTF-16 with a mark', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16])],
  ['UTF-32', Buffer.from(WHOLE, 'utf16le').subarray(0, 7)],
  ['gzip without saying so', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0])],
  ['MessagePack', Buffer.from([0x81, 0xa4, 0x74, 0x79, 0x70, 0x65, 0xa3, 0x61, 0x2e, 0x62])],
]

/** JSON, but of a kind that people argue about. */
const ODD = [
  '{"type":"a.b","type":"a.c"}',
  '\ufeff{"type":"a.b"}',
  '{"type":"a.b","data":"\\ud800"}',
  '{"type":"a.b","data":"\\udc00\\ud800"}',
  '{"type":"a.b","data":"a\\u0000b"}',
  '{"type":"a.b","data":-0}',
  '{"type":"a.b","data":9007199254740993}',
  '{"type":"a.b","data":1e-400}',
  '{"\\u0074ype":"a.b"}',
  '  \r\n\t{"type":"a.b"}\n',
]

/** Class 1: what is no JSON, or barely. */
export function jsonSyntax(): Item[] {
  const cuts = Array.from({ length: WHOLE.length - 1 }, (_, at): [string, string] => [
    `cut after ${at + 1}`,
    WHOLE.slice(0, at + 1),
  ])
  const wrong: [string, string | Uint8Array][] = [
    ...cuts,
    ...[...NOT_JSON, ...BLANKS, ...ENDS].map((text): [string, string] => [JSON.stringify(text), text]),
    ...BYTES,
    ['1e400', '{"type":"a.b","data":1e400}'],
    ['-1e999', '{"type":"a.b","data":[-1e999]}'],
  ]
  return [
    ...DOORS.flatMap(([surface, to]) =>
      wrong.map(([name, body]): Item => ({ class: 1, surface, name, ask: to(body) })),
    ),
    ...DOORS.flatMap(([surface, to]) =>
      ODD.map(
        (body): Item => ({
          class: 1,
          surface,
          name: `odd ${JSON.stringify(body)}`,
          ask: to(body),
          expect: TAKEN_OR_REFUSED,
        }),
      ),
    ),
    { class: 1, surface: 'S4', name: 'empty', ask: post('/v1/events', '') },
    { class: 1, surface: 'S2', name: 'empty', ask: post('/v1/ingest/auto', '') },
    {
      class: 1,
      surface: 'S4',
      name: 'nothing, not even a length',
      ask: { method: 'POST', path: '/v1/events', headers: JSON_TYPE },
    },
  ]
}
