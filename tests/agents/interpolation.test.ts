import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { interpolate, piecesOf, textsIn } from '../../actors/agents/expressions/interpolation.ts'
import { toJson } from '../../core/json.ts'
import { outcomeOf } from './outcome.ts'

const scope = { event: { subject: 'stb-1' }, data: { n: 2, none: null, list: [1], o: { a: 'x' } } }

describe('interpolation', () => {
  it('keeps the type of a text that is one expression, and joins mixed text', () => {
    expect(
      interpolate(
        {
          a: '${data.n}',
          b: ['${ data.list }', { c: '${data.none}' }],
          d: 'on ${event.subject}, ${data.n}×${data.none}: ${data.o}',
        },
        scope,
      ),
    ).toEqual({ a: 2, b: [[1], { c: null }], d: 'on stb-1, 2×: {"a":"x"}' })
  })

  it('leaves braces and quotes inside an expression to the expression', () => {
    expect(interpolate(`\${ {"a}": "}\\"}"}["a}"] }`, scope)).toBe('}"}')
  })

  it('writes ${ for $${', () => {
    expect(interpolate('$${data.n} is ${data.n}', scope)).toBe('${data.n} is 2')
  })

  it('leaves every text without ${ as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = JSON.parse(JSON.stringify(value).replaceAll('${', '$(')) as unknown
        expect(interpolate(toJson(plain), scope)).toEqual(toJson(plain))
      }),
    )
  })

  it('puts a text back together from its pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom('${a}', 'x', ' ', '}', '{', '"', "it's"), fc.string({ maxLength: 3 }))),
        (parts) => {
          const text = parts.join('').replaceAll('$$', '$')
          const together = outcomeOf(() =>
            piecesOf(text)
              .map((piece) => ('text' in piece ? piece.text : `\${${piece.expression}}`))
              .join('')
              .replaceAll(/\s/g, ''),
          )
          expect([text.replaceAll(/\s/g, ''), expect.objectContaining({ code: 'expression.invalid' })]).toContainEqual(
            together,
          )
        },
      ),
    )
  })

  it('fails with a code when a path is missing, an expression is open, or there are too many', () => {
    expect(() => interpolate('${data.missing}', scope)).toThrow(expect.objectContaining({ code: 'expression.failed' }))
    expect(() => interpolate('${data.n', scope)).toThrow(expect.objectContaining({ code: 'expression.invalid' }))
    expect(() =>
      interpolate(
        Array.from({ length: 201 }, () => '${data.n}'),
        scope,
      ),
    ).toThrow(expect.objectContaining({ code: 'expression.failed' }))
  })

  it('lists the texts with their paths', () => {
    expect(textsIn({ a: ['x', 1, { b: 'y' }] })).toEqual([
      { path: ['a', 0], text: 'x' },
      { path: ['a', 2, 'b'], text: 'y' },
    ])
  })
})
