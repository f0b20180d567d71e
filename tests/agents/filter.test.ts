import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Filter, ShortFilters } from '../../actors/agents/format/trigger.ts'
import { matchFilter, matchShortFilters } from '../../actors/agents/routing/filter.ts'

const event = {
  source: '/lab/paris-1',
  subject: 'stb-1',
  type: 'alert.blackscreen.firing',
  severity: 'critical',
  data: {
    kind: 'blackscreen',
    duration: 300,
    text: '95',
    empty: '',
    x: true,
    tags: ['live', 'hd'],
    severity: 'high',
    deep: { 'k8s.io/pod': 'p1', a: { b: 1 } },
    labels: { platform: 'stb', pool: 'paris', only: 'label' },
  },
}
const short = (filters: ShortFilters) => matchShortFilters(filters, event).matched
const long = (filter: Filter) => matchFilter(filter, event).matched

describe('short filters', () => {
  it('look in the data, then in the labels, then in the envelope', () => {
    expect(short({ platform: 'stb', severity: 'high', source: '/lab/paris-1', only: 'label' })).toBe(true)
    expect(short({ severity: 'critical' })).toBe(false)
  })

  it('take a list for "one of", and a list in the event for "has"', () => {
    expect(short({ platform: ['web', 'stb'] })).toBe(true)
    expect(short({ platform: ['web', 'mobile'] })).toBe(false)
    expect(short({ tags: 'hd' })).toBe(true)
  })

  it('compare numbers, also when the label is text', () => {
    expect(short({ duration: '>= 300' })).toBe(true)
    expect(short({ duration: '>300' })).toBe(false)
    expect(short({ text: '>= 90', duration: '<= 300' })).toBe(true)
    expect(short({ kind: '>= 1' })).toBe(false)
    expect(short({ empty: '<= 10' })).toBe(false)
    expect(short({ missing: '<= 10' })).toBe(false)
    expect(short({ platform: '!= web' })).toBe(true)
    expect(short({ missing: '!= web' })).toBe(true)
  })

  it('follow dotted paths, and keys that hold a dot', () => {
    expect(short({ 'data.x': true, 'data.labels.platform': 'stb', 'deep.a.b': 1, 'deep.k8s.io/pod': 'p1' })).toBe(true)
    expect(short({ 'data.x': false })).toBe(false)
    expect(short({ missing: null })).toBe(true)
  })

  it('say what refused', () => {
    expect(matchShortFilters({ platform: 'web' }, event)).toEqual({
      matched: false,
      reason: 'filters.platform: stb is not web',
    })
  })
})

describe('CloudEvents filters', () => {
  it('know exact, prefix and suffix over attributes and paths, all entries of one holding', () => {
    expect(long({ exact: { source: '/lab/paris-1', 'data.labels.pool': 'paris' } })).toBe(true)
    expect(long({ exact: { source: '/lab/paris-1', subject: 'stb-2' } })).toBe(false)
    expect(long({ prefix: { subject: 'stb-' } })).toBe(true)
    expect(long({ suffix: { type: '.resolved' } })).toBe(false)
    expect(long({ prefix: { 'data.nothing': '' } })).toBe(false)
  })

  it('combine with all, any and not', () => {
    const stb: Filter = { prefix: { subject: 'stb-' } }
    const web: Filter = { prefix: { subject: 'web-' } }
    expect(long({ all: [stb, { not: web }] })).toBe(true)
    expect(long({ all: [stb, web] })).toBe(false)
    expect(long({ any: [web, stb] })).toBe(true)
    expect(matchFilter({ any: [web] }, event)).toMatchObject({
      matched: false,
      reason: expect.stringContaining('subject'),
    })
    expect(long({ not: stb })).toBe(false)
  })
})

describe('filters and hostile events', () => {
  const path = fc.oneof(
    fc.string(),
    fc.constantFrom('data.a', '__proto__', 'constructor.name', 'data.__proto__.x', 'toString', 'data..', ''),
  )
  const scalar = fc.oneof(
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom('>= 1', '!= a', '<'),
  )
  const attributes = fc.dictionary(path, fc.string(), { minKeys: 1, maxKeys: 3 })
  const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3 },
      fc.record({ exact: attributes }),
      fc.record({ prefix: attributes }),
      fc.record({ suffix: attributes }),
      fc.record({ all: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ any: fc.array(tie('filter'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ not: tie('filter') }),
    ),
  }))

  it('never throw, and always give a reason with a no', () => {
    const shorts = fc.dictionary(path, fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })), { maxKeys: 4 })
    fc.assert(
      fc.property(filter, shorts, fc.jsonValue(), (one, many, data) => {
        const verdicts = [
          matchFilter(one, { data }),
          matchFilter(one, data),
          matchShortFilters(many, { data }),
          matchShortFilters(many, data),
        ]
        expect(verdicts.every((verdict) => verdict.matched || verdict.reason !== '')).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('do not find what every object inherits', () => {
    for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty', 'constructor.name']) {
      expect(matchShortFilters({ [name]: '!= nothing-of-this' }, { data: {} }).matched).toBe(true)
      expect(matchFilter({ prefix: { [`data.${name}`]: '' } }, { data: {} }).matched).toBe(false)
    }
  })
})
