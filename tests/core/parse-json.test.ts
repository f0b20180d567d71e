import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../core/errors.ts'
import { MAX_JSON_DEPTH, parseJson } from '../../core/parse-json.ts'

const bytes = (text: string) => Buffer.from(text)
const nested = (depth: number) => bytes('['.repeat(depth) + ']'.repeat(depth))

describe('parseJson', () => {
  it('gives back what JSON wrote', () => {
    const texts = fc
      .jsonValue()
      .map((value) => JSON.stringify(value))
      .filter((text) => !text.includes('__proto__'))
    fc.assert(
      fc.property(texts, (text) => {
        expect(parseJson(bytes(text))).toEqual(JSON.parse(text))
      }),
    )
  })

  it('throws nothing but an AppError of the code it was given', () => {
    const mistakes = fc.oneof(fc.uint8Array(), fc.string().map(bytes))
    fc.assert(
      fc.property(mistakes, (mistake) => {
        const code = codeOf(() => parseJson(mistake, 'tool.bad_output'))
        expect(['tool.bad_output', undefined]).toContain(code)
      }),
    )
  })

  it('counts brackets outside of strings only', () => {
    expect(codeOf(() => parseJson(nested(MAX_JSON_DEPTH)))).toBeUndefined()
    expect(codeOf(() => parseJson(nested(MAX_JSON_DEPTH + 1)))).toBe('request.bad_json')
    const quoted = JSON.stringify(`\\"${'['.repeat(1_000)}`)
    expect(parseJson(bytes(quoted))).toBe(`\\"${'['.repeat(1_000)}`)
  })

  it('cleans what Postgres would refuse, in keys too', () => {
    expect(parseJson(bytes('{"a\\u0000":["\\u0000b","\\ud800"]}'))).toEqual({ a: ['b', '\ufffd'] })
  })

  it('drops __proto__ and keeps every other key', () => {
    const value = parseJson(bytes('{"__proto__":{"polluted":1},"constructor":1,"toString":2}'))
    expect(Object.entries(value ?? {})).toEqual([
      ['constructor', 1],
      ['toString', 2],
    ])
    expect(value).not.toHaveProperty('polluted')
  })

  it.each(['', '  ', '{"a:', '[1,]', '// c\n1', 'NaN', '1e400', '[[-1e400]]', '{"a":1} x'])('refuses %j', (text) => {
    expect(codeOf(() => parseJson(bytes(text)))).toBe('request.bad_json')
  })

  it('does not mind a byte order mark', () => {
    expect(parseJson(bytes('\ufeff{"a":1}'))).toEqual({ a: 1 })
  })
})

function codeOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
  return undefined
}
