import { readdir, readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDefinition } from '../../actors/agents/format/definition-file.ts'
import { readDefinition } from '../../console/pages/agents/definition.ts'
import { nextVersion, versionIn, withVersion } from '../../console/pages/agents/version-text.ts'
import { jsonProblem } from '../../console/parts/json-problem.ts'
import { tint } from '../../console/parts/tint.ts'
import { wordAt } from '../../console/parts/typing.ts'

const templates = new URL('../../agent-templates/', import.meta.url)

describe('the tint of a definition', () => {
  it('takes nothing from a line and adds nothing to it', () => {
    const word = fc.constantFrom(
      '- ',
      '#',
      '"',
      "'",
      ': ',
      '{',
      '}',
      ',',
      ' ',
      'id',
      '10m',
      'true',
      '${x}',
      '\\',
      '\t',
      'ü',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join('')),
        ),
        (line) => {
          for (const language of ['yaml', 'json'] as const) {
            expect(
              tint(line, language)
                .map(([, text]) => text)
                .join(''),
            ).toBe(line)
          }
        },
      ),
    )
  })

  it('tells keys, texts, values and comments apart', () => {
    const kinds = (line: string) =>
      tint(line, 'yaml').flatMap(([kind, text]) => (kind === '' ? [] : [`${kind} ${text}`]))
    expect(kinds('  - { id: look, every: 2s, to: "a # b" } # why')).toEqual([
      'mark   -',
      'mark {',
      'key id',
      'mark :',
      'mark ,',
      'key every',
      'mark :',
      'value 2s',
      'mark ,',
      'key to',
      'mark :',
      'text "a # b"',
      'mark }',
      'comment # why',
    ])
    expect(kinds('url: http://x#y')).toEqual(['key url', 'mark :'])
  })
})

describe('the version in the text of a definition', () => {
  it('is found and raised in every template, and nothing else is touched', async () => {
    const names = (await readdir(templates)).filter((name) => name.endsWith('.yaml'))
    expect(names.length).toBeGreaterThan(5)
    for (const name of names) {
      const text = await readFile(new URL(name, templates), 'utf8')
      const { definition } = await parseDefinition(text, name)
      expect([name, versionIn(text)]).toEqual([name, definition.metadata.version])
      const raised = withVersion(text, '7.0.1')
      expect(versionIn(raised)).toBe('7.0.1')
      const lines = text.split('\n')
      expect(raised.split('\n').filter((line, index) => line !== lines[index])).toHaveLength(1)
    }
  })

  it('is found in flow style, in quotes and in JSON, and not where it is somebody else’s', () => {
    expect(versionIn('metadata: { id: a, version: 2.0.0 }')).toBe('2.0.0')
    expect(versionIn("metadata:\n  version: '2.0.0'\n")).toBe('2.0.0')
    expect(versionIn('{ "metadata": { "id": "a", "version": "2.0.0" } }')).toBe('2.0.0')
    expect(withVersion('{ "metadata": { "version": "2.0.0" } }', '2.0.1')).toBe(
      '{ "metadata": { "version": "2.0.1" } }',
    )
    expect(versionIn('subagents:\n  - { id: a, version: 1.0.0 }\n')).toBeUndefined()
  })

  it('goes on with the next patch', () => {
    expect(['1.2.9', '2.0.0-rc.1', '0.0.0'].map(nextVersion)).toEqual(['1.2.10', '2.0.0', '0.0.1'])
  })
})

describe('a definition in words', () => {
  it('says what a trigger listens to, under which conditions, and how urgent it is', () => {
    const { triggers } = readDefinition({
      triggers: [
        {
          on: ['a.*', '!a.b'],
          filters: { platform: ['stb', 'tv'], seconds: '>= 300' },
          priority: { from: 'severity', floor: 70 },
        },
        {
          type: 'c',
          filter: { any: [{ prefix: { type: 'x.' } }, { not: { exact: { source: '/y' } } }] },
          when: 'data.z',
        },
      ],
    })
    expect(triggers).toEqual([
      {
        name: '',
        on: ['a.*', '!a.b'],
        conditions: ['platform is stb or tv', 'seconds >= 300'],
        priority: 'as severe as the event, at least 70',
      },
      { name: '', on: ['c'], conditions: ['type begins with x. or not (source is /y)', 'when data.z'], priority: '' },
    ])
  })

  it('reads whatever it is given without stumbling', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('metadata', 'triggers', 'playbook', 'config', 'device'), fc.jsonValue()),
        (given) => {
          expect(readDefinition(given).triggers.length).toBeGreaterThanOrEqual(0)
        },
      ),
    )
  })
})

describe('a text that is no JSON', () => {
  it('is told with the place where it stops being one', () => {
    expect(jsonProblem('{"a": 1}')).toBeUndefined()
    const places = ['{\n  "a": x\n}', '{\n  "a": 1', '[1,]', '{"a" 1}', '{} 2', '{"a": [1 2]}', '"\\q"', ''].map(
      (text) => {
        const { line, column, message } = jsonProblem(text) ?? { line: 0, column: 0, message: '' }
        return `${line}:${column} ${message.replace('not JSON: ', '')}`
      },
    )
    expect(places).toEqual([
      '2:8 did not expect x',
      '2:9 it ends too early',
      '1:4 did not expect ]',
      '1:6 did not expect 1',
      '1:4 did not expect 2',
      '1:10 did not expect 2',
      '1:1 did not expect "\\q"',
      '1:1 it ends too early',
    ])
  })

  it('is found wherever a piece of a JSON text is missing, never behind it', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (text, cut) => {
        const [before, rest] = [text.slice(0, cut % (text.length + 1)), text.slice((cut % (text.length + 1)) + 1)]
        const problem = jsonProblem(before + rest)
        if (problem) expect(problem.column).toBeLessThanOrEqual((before + rest).length + 1)
        expect(jsonProblem(text)).toBeUndefined()
      }),
    )
  })

  it('has a word at each column to underline', () => {
    expect(wordAt('  priority: urgent', 13)).toBe('urgent')
    expect(wordAt('  priority: { from: x }', 13)).toBe('{ from: x }')
  })
})
