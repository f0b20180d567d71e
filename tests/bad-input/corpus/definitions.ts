import { type Item, post, TAKEN_OR_REFUSED, YAML_TYPE } from '../item.ts'

const HEAD = 'metadata: { id: a, name: A, version: 1.0.0 }\n'
const REFUSED = [400, 413, 422]

function item(of: number, name: string, text: string | Uint8Array, expect: readonly number[] = REFUSED): Item {
  return {
    class: of,
    surface: of === 11 ? 'S5' : 'S3',
    name,
    ask: post('/v1/agents/validate', text, YAML_TYPE),
    expect,
  }
}

/** Texts that YAML takes for many things; one a line. They stand where a definition should. */
const NO_DEFINITIONS = String.raw`
-
- a
a
42
~
null
true
[]
{}
---
...
--- a
? a
? [a, b] : c
{a: 1, a: 2}
{a: {b: 1, b: 2}}
[a, b
{a: b
"a
'a
a: b: c
a:b
: a
- - -
a: - b
a: [1, 2
a: {b
*a
a: *a
&a
a: &a b
&a a: b
a: &a [*a]
&a {a: *a}
!!js/function 'x'
a: !!js/regexp /x/
a: !!python/object:os.system x
a: !!binary aGk=
a: !!set {b}
a: !!omap [b: 1]
a: !!timestamp 2026-01-01
a: !!str b
a: !b c
a: !<tag:yaml.org,2002:str> b
<<: {a: 1}
a: {<<: {b: 1}}
<<: [{a: 1}, {b: 2}]
%YAML 1.1
%YAML 1.2
%TAG ! tag:example.com,2026:
__proto__: {polluted: 1}
{"__proto__": {"polluted": 1}}
a: {__proto__: 1}
1: a
1.5: a
null: a
true: a
[a]: b
{a: b}: c
? |
a: |
a: >-9
a: @b
a: ${'`'}b
a: %b
a: b #c: d
metadata
metadata:
metadata: a
metadata: []
metadata: 1
metadata: {id: 1}
metadata: {id: no, name: yes, version: on}
metadata: {id: 010, name: 0x10, version: 1.0}
metadata: {id: a, name: A, version: 1.0}
metadata: {id: a, name: A, version: 1.0.0.0}
metadata: {id: a, name: A, version: v1.0.0}
metadata: {id: a, name: A, version: 99999999999999999999.0.0}
metadata: {id: A, name: A, version: 1.0.0}
metadata: {id: a b, name: A, version: 1.0.0}
metadata: {id: ../a, name: A, version: 1.0.0}
metadata: {id: "", name: A, version: 1.0.0}
metadata: {id: a, name: "", version: 1.0.0}
metadata: {id: a, name: [A], version: 1.0.0}
metadata: {id: a, name: A, version: 1.0.0, toString: x}
metadata: {id: a, name: A, version: 1.0.0, tags: a}
metadata: {id: a, name: A, version: 1.0.0, tags: [1]}
metadata: {id: a, name: A, version: 1.0.0, selectable: yes}
metadata: {id: a, name: A, version: 1.0.0, selectable: "true"}
metadata: {id: a, name: .inf, version: 1.0.0}
metadata: {id: a, name: .nan, version: 1.0.0}
metadata: {id: a, name: A, version: 1.0.0}\n---\na: b`
  .trim()
  .split('\n')
  .map((line) => line.replaceAll('\\n', '\n'))

/** Bombs: cheap to write, dear to read. Those that a parser works on for seconds are ended by their thread's limit. */
const BOMBS: readonly [string, string | Uint8Array][] = [
  [
    'a billion laughs',
    'a: &a [x,x,x,x,x,x,x,x,x]\n'.concat(
      ...Array.from('bcdefghi').map((at, n) => `${at}: &${at} [${Array(9).fill(`*${'abcdefghi'[n]}`).join()}]\n`),
    ),
  ],
  ['99 aliases of 500 bytes', `a: &a ${'x'.repeat(500)}\nb: [${Array(99).fill('*a').join()}]`],
  ['16 KiB of anchors', '&a '.repeat(5_400)],
  ['16 KiB of tags', '!a '.repeat(5_400)],
  ['64 KiB of anchors', '&a '.repeat(21_000)],
  ['2,000 keys', `${HEAD}${Array.from({ length: 2_000 }, (_, at) => `k${at}: 1`).join('\n')}`],
  ['1,000 levels of lists', '['.repeat(1_000)],
  ['1,000 levels of lists, closed', `a: ${'['.repeat(1_000)}${']'.repeat(1_000)}`],
  ['1,000 levels of maps', `${'{a: '.repeat(1_000)}`],
  ['1,000 levels by indentation', Array.from({ length: 340 }, (_, at) => `${' '.repeat(at)}a:`).join('\n')],
  ['10,000 dashes', '- '.repeat(10_000)],
  ['10,000 question marks', '? '.repeat(10_000)],
  ['10,000 documents', '---\n'.repeat(10_000)],
  ['60 KB of one line', `${HEAD}x: ${'a '.repeat(30_000)}`],
  ['a scalar of 1 MB', `${HEAD}goal: {type: continuous, description: ${'a'.repeat(1_000_000)}}`],
  ['an explicit key of 60 KB', `${HEAD}? ${'k'.repeat(60_000)}\n: 1`],
  ['a key of 60 KB', `${HEAD}${'k'.repeat(60_000)}: 1`],
  ['100 KB of quotes', '"\\"'.repeat(33_000)],
  ['a number of 60,000 digits', `${HEAD}config: {max_parallel_tasks: ${'9'.repeat(60_000)}}`],
  ['tabs', 'metadata:\n\tid: a\n\tname: A\n\tversion: 1.0.0\n'],
  ['a tab after a dash', 'triggers:\n-\ta: b\n  c:\td'],
  ['CR alone', 'metadata: { id: a }\rgoal: x'],
  ['a NUL', `${HEAD}goal: "a\u0000b"`],
  ['half a character', `${HEAD}x: "\\ud800"`],
  ['no UTF-8', Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe])],
  ['UTF-16', Buffer.from(HEAD, 'utf16le')],
  ['a mark in the middle', `${HEAD}\ufeffgoal: 1`],
  ['a bell', `${HEAD}x: a\u0007b`],
  ['JSON that is cut', '{"metadata":'],
  ['HTML', '<!doctype html><p>&nbsp;'],
  ['an INI file', '[metadata]\nid = a\n'],
  ['a program', '#!/bin/sh\nrm -rf /\n'],
]

const ODD_YAML = [
  '',
  ' ',
  '\n',
  '#',
  `\ufeff${HEAD}`,
  HEAD.replace('\n', '\r\n'),
  `${HEAD}---\n`,
  `${HEAD}...\n`,
  `---\n${HEAD}`,
  `${HEAD}x-note: &a 1`,
]

/** Class 6: YAML that bites. */
export function yaml(): Item[] {
  return [
    ...NO_DEFINITIONS.map((text) => item(6, JSON.stringify(text), text)),
    ...BOMBS.map(([name, text]) => item(6, name, text)),
    ...ODD_YAML.map((text) => item(6, `odd ${JSON.stringify(text)}`, text, [200, 400, 422])),
    ...['text/plain', 'application/octet-stream', 'application/xml', 'multipart/form-data; boundary=x', '', 'yaml'].map(
      (type): Item => ({
        ...item(6, `as ${type}`, HEAD, [415]),
        ask: post('/v1/agents/validate', HEAD, { 'content-type': type }),
      }),
    ),
  ]
}

/** What a definition may get wrong in its parts; one a line, without its head. */
const BAD_PARTS = String.raw`
triggers: a
triggers: {}
triggers: [1]
triggers: [{}]
triggers: [{on: a, type: b}]
triggers: [{on: []}]
triggers: [{on: [a, 1]}]
triggers: [{on: a, unknown: 1}]
triggers: [{on: a, when: ""}]
triggers: [{on: a, when: "1 +"}]
triggers: [{on: a, when: nobody.knows}]
triggers: [{on: a, when: "data.x.matches('a')"}]
triggers: [{on: a, priority: 101}]
triggers: [{on: a, priority: -1}]
triggers: [{on: a, priority: urgent}]
triggers: [{on: a, priority: 1.5}]
triggers: [{on: a, limits: [{max: 0, per: 1s}]}]
triggers: [{on: a, dedupe: {key: [], window: 1s}}]
triggers: [{on: a, group: {by: [], max: 1}}]
triggers: [{on: a, concurrency: {mode: chaos}}]
triggers: [{on: a, concurrency: {max: 0}}]
triggers: [{on: a, correlate: {onResolved: explode}}]
triggers: [{on: a, filter: {exact: {a: b}, prefix: {c: d}}}]
triggers: [{on: a, filter: {}}]
triggers: [{on: a, filter: {exact: {}}}]
triggers: [{on: a, filter: {all: []}}]
triggers: [{on: a, filter: {not: {not: 1}}}]
triggers: [{on: a, rank: -1}]
triggers: [{on: a, rank: 1.5}]
triggers: [{on: a, stop: maybe}]
goal: {type: sometimes, description: x}
goal: {type: continuous}
goal: {type: continuous, description: ""}
skills: [no.such.tool]
skills: wait
skills: [1]
skills: [""]
config: {max_parallel_tasks: 0}
config: {max_parallel_tasks: 1e9}
config: {max_parallel_tasks: "3"}
config: {timeout_seconds: -1}
config: {timeout_seconds: .inf}
config: {budget_limit_usd: -0.01}
config: {budget: {max_steps: 0}}
config: {enabled: on}
config: {nobody: knows}
device: {acquire: ""}
device: {count: 0}
device: {count: 101}
device: {mode: destroy}
model: {temperature: 3}
model: {name: 1}
model: {name: x}\nskills: [wait]\nplaybook: {steps: [{uses: wait, with: {for: 1s}}]}
subagents: [{id: A}]
subagents: [{id: a, version: "not a range !"}]
permissions: {root: true}
playbook: {}
playbook: {steps: []}
playbook: {steps: [{}]}
playbook: {steps: [{uses: xstate.stop}]}
playbook: {steps: [{uses: "../wait"}]}
playbook: {steps: [{uses: __proto__}]}
skills: [wait]\nplaybook: {steps: [{uses: wait, with: {for: 1s}, if: "1 +"}]}
skills: [wait]\nplaybook: {steps: [{uses: wait, with: {for: 1s}, every: 1s}]}
skills: [wait]\nplaybook: {steps: [{uses: wait, with: {for: 1s}, until: "steps.later.x"}]}
skills: [wait]\nplaybook: {steps: [{id: "1", uses: wait, with: {for: 1s}}]}
skills: [wait]\nplaybook: {steps: [{id: a, uses: wait, with: {for: 1s}}, {id: a, uses: wait, with: {for: 1s}}]}
skills: [wait]\nplaybook: {steps: [{id: a, uses: wait, with: {for: "\${steps.b.x}"}}]}
skills: [wait]\nplaybook: {steps: [{id: a, uses: wait, with: {for: "\${steps.a.x}"}}]}
skills: [wait]\nplaybook: {steps: [{uses: wait, with: {for: "\${"}}]}
skills: [wait]\nplaybook: {steps: [{uses: wait, with: {for: "\${}"}}]}
skills: [wait]\nplaybook: {steps: [{uses: wait, with: {for: "\${nobody}"}}]}
skills: [wait]\nplaybook: {steps: [{uses: wait, with: [1]}]}
skills: [wait]\nplaybook: {steps: [{uses: wait, with: {for: 1s}, retry: {attempts: 0}}]}
skills: [wait]\nplaybook: {steps: [{uses: wait, with: {for: 1s}, retry: {attempts: 99}}]}
skills: [wait]\nplaybook: {steps: [{uses: wait, with: {for: 1s}, continue-on-error: 1}]}
event_pools: a
x: 1
Metadata: {}`
  .trim()
  .split('\n')
  .map((line) => line.replaceAll('\\n', '\n').replaceAll('\\$', '$'))

/** Class 7: definitions whose words are right and whose sense is not. */
export function senseless(): Item[] {
  return [
    ...BAD_PARTS.map((part) => item(7, part.slice(0, 90), `${HEAD}${part}\n`)),
    item(7, '201 triggers', `${HEAD}triggers: [${Array(201).fill('{on: a}').join()}]`),
    item(
      7,
      '201 steps',
      `${HEAD}skills: [wait]\nplaybook: {steps: [${Array(201).fill('{uses: wait, with: {for: 1s}}').join()}]}`,
    ),
    item(7, '501 skills', `${HEAD}skills: [${Array(501).fill('wait').join()}]`),
    item(
      7,
      '33 levels of a filter',
      `${HEAD}triggers: [{on: a, filter: ${'{not: '.repeat(33)}{exact: {a: b}}${'}'.repeat(33)}}]`,
    ),
    item(7, 'a name of 101 letters', HEAD.replace('name: A', `name: ${'A'.repeat(101)}`)),
  ]
}

/** Durations that are none, wherever one is read. */
const NO_DURATIONS = [
  '1 -1s +1s 1e3s 1S 1sec 1min 1y 1w 1h30m 1.5.5s .5s 5.s 1,5s 0x1s ١s ∞ NaN Infinity null PT1H P1D 1s1s 1us 1ns s ms 99999999s',
  '1.0001s 1ms1 1/2s 1s; @every 00:01 1e400s -0s 12345678ms',
].flatMap((line) => line.split(' '))
const CRONS = [
  '* * * * *|* * * * * *|* * * * * * *|@every 0s|@reboot|@yearly|0 0 30 2 *|60 * * * *|* 24 * * *|* * 0 * *|* * * 13 *|* * * * 8|-1 * * * *',
  '*/0 * * * *|1-0 * * * *|a b c d e|L * * * *|? ? ? ? ?|0 0 31 4 *|CRON_TZ=Mars/Phobos * * * * *|TZ=UTC * * * * *',
].flatMap((line) => line.split('|'))

const NO_TIMES = [
  '|0|now|yesterday|2026|2026-01|2026-01-01|2026-01-01T00:00|2026-01-01T00:00:00|2026-1-1T0:0:0Z|2026-13-01T00:00:00Z|2026-00-01T00:00:00Z',
  '2026-02-29T00:00:00Z|2026-02-30T00:00:00Z|2026-04-31T00:00:00Z|2026-01-01T24:00:01Z|2026-01-01T00:60:00Z|2026-01-01T00:00:61Z|20260101T000000Z',
  '2026-W01-1T00:00:00Z|2026-001T00:00:00Z|+002026-01-01T00:00:00Z|-000001-01-01T00:00:00Z|99999-01-01T00:00:00Z|2026-01-01T00:00:00+25:00',
  '2026-01-01T00:00:00 Europe/Paris|2026-01-01T00:00:00[UTC]|1767225600|1767225600000|Thu, 01 Jan 2026 00:00:00 GMT|infinity|-infinity|epoch|2026-01-01T00:00:00,5Z',
  '0000-01-01T00:00:00Z|9999-12-31T23:59:59-14:00|２０２６-01-01T00:00:00Z|2026-01-01T00:00:00Z;drop',
].flatMap((line) => line.split('|'))

/** Crons that are good ones: asked about, not kept, so that nothing is due while others look at the rows. */
const GOOD_CRONS = ['* * * * *', '* * * * * *', '@yearly', 'L * * * *', '? ? ? ? ?']
const NO_ZONES =
  'Mars/Phobos|+02:00|UTC+2|localtime|../UTC|Europe|Europe/|/Paris|\u0000|Ｕ|GMT0BST|America/New York'.split('|')

/** Class 15: time, in definitions, events, alerts, schedules and queries. */
export function times(): Item[] {
  const quoted = (text: string): string => JSON.stringify(text)
  const json = (name: string, path: string, body: object, expect: readonly number[] = [400]): Item => ({
    class: 15,
    surface: 'S4',
    name,
    ask: post(path, JSON.stringify(body)),
    expect,
  })
  return [
    ...NO_DURATIONS.map((text) => item(15, `for: ${text}`, `${HEAD}triggers: [{on: a, for: ${quoted(text)}}]`)),
    ...NO_DURATIONS.filter((text) => !/^(1h30m|1w|1s1s|99999999s|12345678ms)$/.test(text)).map(
      (text): Item => ({
        class: 15,
        surface: 'S6',
        name: `wait=${text}`,
        ask: post(`/v1/actors/thing/one/events?wait=${encodeURIComponent(text)}`, '{"type":"GO"}'),
      }),
    ),
    ...CRONS.map((text) =>
      json(
        `previewed cron ${text}`,
        '/v1/schedules/preview',
        { cron: text },
        GOOD_CRONS.includes(text) ? [200, 400] : [400],
      ),
    ),
    ...CRONS.filter((text) => !GOOD_CRONS.includes(text)).map((text) =>
      json(`scheduled cron ${text}`, '/v1/schedules', { id: 'odd', cron: text }),
    ),
    ...NO_ZONES.map((zone) => json(`zone ${zone}`, '/v1/schedules', { id: 'odd', cron: '0 0 1 1 *', timezone: zone })),
    ...['xstate.done.actor.approve', 'xstate.init', '', '*', 'a..b', 'a b'].map((type) =>
      json(`scheduled type ${type}`, '/v1/schedules', { id: 'odd', cron: '0 0 1 1 *', type }),
    ),
    json('a cron a thousand times', '/v1/schedules', { id: 'odd', cron: Array(1000).fill('* * * * * *').join(' ') }),
    ...NO_TIMES.map((text) => json(`endAt ${text}`, '/v1/schedules', { id: 'odd', cron: '0 0 1 1 *', endAt: text })),
    ...CRONS.map((text) => item(15, `cron ${text}`, `${HEAD}triggers: [{cron: ${quoted(text)}}]`)),
    ...NO_TIMES.map((text) => json(`time ${text}`, '/v1/events', { type: 'a.b', time: text })),
    ...NO_TIMES.map((text) => json(`expiresAt ${text}`, '/v1/keys', { name: 'x', role: 'viewer', expiresAt: text })),
    ...NO_TIMES.map((text) => json(`startsAt ${text}`, '/v1/alerts', { kind: 'freeze', startsAt: text })),
    ...NO_TIMES.map(
      (text): Item => ({
        class: 15,
        surface: 'S6',
        name: `since ${text}`,
        ask: { method: 'GET', path: `/v1/events?since=${encodeURIComponent(text)}` },
        expect: [200, 400],
      }),
    ),
    ...[
      '0001-01-01T00:00:00Z',
      '9999-12-31T23:59:59Z',
      '2026-06-30T23:59:60Z',
      '0000-12-31T23:59:59-14:00',
      '2026-01-01T00:00:00Z\u0000',
      '2026-03-29T02:30:00+01:00',
    ].flatMap((text) => [
      json(`odd time ${text}`, '/v1/events', { type: 'a.b', time: text }, TAKEN_OR_REFUSED),
      json(`odd startsAt ${text}`, '/v1/alerts', { kind: 'freeze', startsAt: text, endsAt: text }, TAKEN_OR_REFUSED),
    ]),
  ]
}

/** Regular expressions that take for ever on the right text, if anything here were one. */
const REDOS = [
  '(a+)+$ (a|a)*$ (a|aa)+$ (.*a){20} ^(([a-z])+.)+[A-Z]([a-z])+$ (x+x+)+y .*.*.*= ([a-zA-Z]+)*$ (a?){30}a{30} ^(a|b|ab)*c$ (\\w+\\s?)*$ (?=(a+))a*b\\1',
  '([^/]+/)*$ (\\d+)*\\.$ ^(.+)+$ (?:a*)*b (a*)*\\1 [\\s\\S]*[\\s\\S]*x \\p{L}+\\p{L}+$ (?<!a+)b ((ab)*)*c ^([a-c]*)*d (.|\\s)+z',
].flatMap((line) => line.split(' '))
const GLOBS = [
  '*a *a*b a*b a.*b ***.* **.** **.a a.**.b a.b.** .* *. *..* !!a !a! !** a.! ?.a [a-z].* {a,b}.* a|b ^a$ a.. a.**.** .** a.*.b* \\* a\\.b a/* ~a +a @(a)',
].flatMap((line) => line.split(' ').filter((glob) => glob !== '!**' && glob !== '**' && glob !== 'a.b.**'))
const BAD_CEL = [
  'data.a.matches("(a+)+$")|matches(data.a, "x")|cel.bind(x, data.a, x + x)|[1,2].map(x, [1,2].map(y, [1,2].map(z, 1)))|data.a.all(x, data.b.all(y, true))',
  'process.exit()|globalThis|this|constructor|__proto__|import("fs")|() => 1|function(){}|data = 1|data.a; data.b|`x`|/x/|new Date()|a ? b|1 +|(|)|[1|{a:|"x',
  "'x|1 ++ 2|1 === 1|!|&&|data..a|data.|.a|data[|now.x.y.z(|event()|has()|has(1)|size()|size(1,2)|x|undefined|eval('1')|$|#|@|\\u0000|😀",
  'string|int("x"|duration|1 in|in 1|?:|1 ? 2|{1:2,|[,]|data.all(x)|data.map()|data.exists(1, true)|null.x.y|-|--1 -|1 2|true false|"a" "b"|0x|1e|1.2.3',
].flatMap((line) => line.split('|'))

/** Class 11: patterns, globs and expressions, in every place that takes one. */
export function patterns(): Item[] {
  const on = (text: string): string => `${HEAD}triggers: [{on: ${JSON.stringify(text)}}]`
  const when = (text: string): string => `${HEAD}triggers: [{on: a, when: ${JSON.stringify(text)}}]`
  const deep = (open: string, close: string, times: number): string => `${open.repeat(times)}1${close.repeat(times)}`
  const ODD = [200, ...REFUSED]
  return [
    ...[...REDOS, ...GLOBS].map((text) => item(11, `on ${text}`, on(text))),
    ...REDOS.map((text) => item(11, `matches ${text}`, when(`data.a.matches(${JSON.stringify(text)})`))),
    ...REDOS.map((text) => item(11, `skill ${text}`, `${HEAD}skills: [${JSON.stringify(text)}]`)),
    ...BAD_CEL.map((text) => item(11, `when ${text}`, when(text))),
    ...BAD_CEL.map((text) =>
      item(
        11,
        `filled in ${text}`,
        `${HEAD}skills: [wait]\nplaybook: {steps: [{uses: wait, with: {for: ${JSON.stringify(`\${${text}}`)}}}]}`,
        ODD,
      ),
    ),
    ...REDOS.flatMap((text) => [
      item(11, `unless ${text}`, on(`!${text}`)),
      item(11, `among others ${text}`, `${HEAD}triggers: [{on: [a, ${JSON.stringify(text)}, b]}]`),
      item(11, `tool ${text}`, `${HEAD}playbook: {steps: [{uses: ${JSON.stringify(text)}}]}`),
    ]),
    ...GLOBS.map((text) => item(11, `in the short form ${text}`, `${HEAD}triggers: [{type: ${JSON.stringify(text)}}]`)),
    item(11, 'a pattern of 201 letters', on('a'.repeat(201))),
    item(11, 'a pattern of 150 segments', on(`${'*.'.repeat(150)}a`)),
    item(11, '51 patterns', `${HEAD}triggers: [{on: [${Array(51).fill('a').join()}]}]`),
    item(11, 'an expression of 1,025 bytes', when(`"${'a'.repeat(1_023)}" == ""`)),
    item(11, 'an expression 200 levels deep', when(deep('(', ')', 200))),
    item(11, 'an expression of 300 nots', when(`${'!'.repeat(600)}true`)),
    item(11, 'a list 100 levels deep', when(deep('[', ']', 100))),
    item(11, '400 sums', when(Array(400).fill('1').join('+'))),
    item(11, '200 questions', when(`${'true?1:'.repeat(140)}1`), ODD),
    item(11, 'loops in loops', when('data.a.map(x, data.a.map(y, data.a.map(z, x)))')),
    item(11, 'a filter on a pattern', `${HEAD}triggers: [{type: a, filters: {x: "(a+)+$"}}]`, ODD),
  ]
}
