import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileExpression, evaluate, holds, type Scope } from '../../actors/agents/expressions/expression.ts'
import { AppError } from '../../core/errors.ts'
import { outcomeOf } from './outcome.ts'

const scope: Scope = {
  event: { subject: 'stb-1', type: 'alert.freeze.firing' },
  data: {
    durationS: 5,
    ratio: 2.5,
    count: 2,
    list: [1, 2, 3],
    groups: [{ tags: ['a'] }],
    labels: { platform: 'stb' },
    none: null,
  },
  steps: { judge: { black: true } },
  result: { black: false },
  now: '2026-03-02T10:00:00Z',
}

describe('expressions', () => {
  it.each([
    ['data.durationS >= 5', true],
    ['data.durationS == 5 && data.ratio > 2', true],
    ['data.durationS + 1', 6],
    ['2 * data.ratio - data.count % 2', 5],
    ['data.count in [1, 2]', true],
    ['data.list[0]', 1],
    ['data.list[data.count]', 3],
    ['size(data.list) == 3', true],
    ['data.list.exists(x, x == 2)', true],
    ['data.groups.exists(g, g.tags.exists(t, t == "a"))', true],
    ['data.labels.platform == "stb"', true],
    ['!result.black', true],
    ['steps.judge.black', true],
    ['has(data.nothing)', false],
    ['data.none == null && device == null', true],
    ['"x" + event.subject', 'xstb-1'],
    ['now - timestamp("2026-03-02T09:00:00Z") == duration("1h")', true],
    ['now', '2026-03-02T10:00:00.000Z'],
    ['data.labels', { platform: 'stb' }],
    ['data.list.map(x, x + 1)', [2, 3, 4]],
  ])('%s on JSON values', (text, expected) => {
    expect(evaluate(text, scope)).toEqual(expected)
  })

  it.each(['data.', 'nope == 1', '"a" + 1', 'size(1)', `${'1 + '.repeat(400)}1`, '', 'steps.judge.black ||'])(
    'does not compile %s',
    (text) => {
      expect(() => compileExpression(text)).toThrow(expect.objectContaining({ code: 'expression.invalid' }))
    },
  )

  it.each([
    ['data.list.exists(x, data.list.exists(y, y == x))', 'a loop over the same list inside a loop'],
    ['data.a.all(x, x.b.all(y, y.c.all(z, z)))', 'a third loop'],
    ['event.subject.matches("(a+)+$")', 'a regular expression'],
    ['cel.bind(a, event.subject + event.subject, a + a)', 'a binding, with which texts double'],
    ['size("x".matches("y") ? [1] : [2]) == 1', 'one hidden in an argument'],
    ['[1, 2].map(x, "a".matches("b"))', 'one hidden in a loop'],
  ])('refuses %s, which is %s', (text) => {
    expect(() => compileExpression(text)).toThrow(expect.objectContaining({ code: 'expression.invalid' }))
  })

  it.each([
    'data.nothing == 1',
    'data.list[7]',
    'device.id',
    'data.labels > 1',
    '1 / 0',
    '1.0 / 0.0',
    'data.toString',
    'data.__proto__',
    'data.constructor',
  ])('fails with a code on %s', (text) => {
    expect(() => evaluate(text, scope)).toThrow(expect.objectContaining({ code: 'expression.failed' }))
  })

  it('names the steps it uses, by dot and by bracket, also inside loops', () => {
    const expression = compileExpression(
      'steps.look.image == steps["judge-2"].image && data.list.exists(x, x == steps.third.n)',
    )
    expect([...expression.steps].sort()).toEqual(['judge-2', 'look', 'third'])
  })

  it('holds only for true; a missing path is a no with its reason', () => {
    expect(holds(compileExpression('data.durationS >= 5'), scope)).toEqual({ matched: true })
    expect(holds(compileExpression('data.durationS > 5'), scope)).toMatchObject({
      matched: false,
      reason: expect.stringContaining('is false'),
    })
    expect(holds(compileExpression('data.nothing.deep > 5'), scope)).toMatchObject({
      matched: false,
      reason: expect.stringContaining('nothing'),
    })
    expect(holds(compileExpression('data.count'), scope)).toMatchObject({ matched: false })
  })

  it('gives a value or an AppError for any text and any data', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'data',
        'data.a',
        'data.a == 1',
        'data.map(x, x)',
        '[data, 1]',
        '{"a": data}',
        'data == data',
        'type(data)',
        'bytes("a")',
      ),
    )
    fc.assert(
      fc.property(text, fc.jsonValue(), (source, data) => {
        const outcome = outcomeOf(() => JSON.stringify(evaluate(source, { data })))
        expect(typeof outcome === 'string' || outcome instanceof AppError).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('refuses data that shadows what every object inherits, and does not fall over it', () => {
    expect(holds(compileExpression('data.a == 1'), { data: { constructor: 'x', a: 1 } }).matched).toBe(false)
    expect(evaluate('data.a == 1', { data: JSON.parse('{"__proto__": {"a": 2}, "a": 1}') })).toBe(true)
  })
})
