import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePattern } from '../../actors/agents/expressions/pattern.ts'
import { createRuleIndex } from '../../actors/agents/routing/rule-index.ts'

const matches = (pattern: string | string[], type: string) => compilePattern(pattern).matches(type).matched

describe('event type patterns', () => {
  it.each([
    ['alert.blackscreen.firing', 'alert.blackscreen.firing', true],
    ['alert.blackscreen.firing', 'alert.blackscreen.resolved', false],
    ['alert.*.firing', 'alert.freeze.firing', true],
    ['alert.*.firing', 'alert.freeze.x.firing', false],
    ['alert.**', 'alert.freeze.resolved', true],
    ['alert.**', 'alert', false],
    ['**', 'anything', true],
    ['build.*', 'build.deployed', true],
    ['build', 'build.deployed', false],
  ])('%s and %s: %s', (pattern, type, expected) => {
    expect(matches(pattern, type)).toBe(expected)
  })

  it('takes alert.<kind> for the firing of that kind, in patterns and in types', () => {
    expect(matches('alert.blackscreen', 'alert.blackscreen.firing')).toBe(true)
    expect(matches('alert.blackscreen', 'alert.blackscreen.resolved')).toBe(false)
    expect(matches('alert.blackscreen.firing', 'alert.blackscreen')).toBe(true)
    expect(matches('alert.*', 'alert.freeze.firing')).toBe(true)
    expect(matches('build.deployed', 'build.deployed.firing')).toBe(false)
  })

  it('excludes whatever the place of the exclusion, and says which', () => {
    expect(compilePattern(['!alert.freeze', 'alert.**']).matches('alert.freeze.firing')).toEqual({
      matched: false,
      reason: 'type: alert.freeze.firing is excluded by !alert.freeze',
    })
    expect(matches(['alert.**', '!alert.freeze'], 'alert.blackscreen.firing')).toBe(true)
    expect(matches(['!alert.**'], 'build.deployed')).toBe(true)
  })

  it('refuses what is not a pattern', () => {
    for (const text of ['', '.', 'a..b', '**.a', 'a.**.b', 'a*', '!', 'a b', `${'a.'.repeat(120)}a`]) {
      expect(() => compilePattern(text)).toThrow(expect.objectContaining({ code: 'expression.invalid' }))
    }
  })

  const segment = fc.constantFrom('a', 'b', 'alert', 'firing')
  const type = fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'))
  const positive = fc
    .tuple(fc.array(fc.oneof(segment, fc.constant('*')), { maxLength: 4 }), fc.boolean())
    .map(([parts, open]) => (open || parts.length === 0 ? [...parts, '**'] : parts).join('.'))
  const pattern = fc.tuple(fc.boolean(), positive).map(([not, text]) => (not ? `!${text}` : text))
  const patterns = fc.array(pattern, { minLength: 1, maxLength: 4 })

  it('agrees with a naive reference for any patterns and type', () => {
    fc.assert(
      fc.property(patterns, type, (list, name) => {
        expect(compilePattern(list).matches(name).matched).toBe(reference(list, name))
      }),
      { numRuns: 1000 },
    )
  })

  it('is found through the index exactly when one of its inclusions fits', () => {
    fc.assert(
      fc.property(fc.array(patterns, { maxLength: 10 }), type, (lists, name) => {
        const index = createRuleIndex(lists.map((list, value) => ({ includes: compilePattern(list).includes, value })))
        const found = [...index.find(name)].filter((value) => compilePattern(lists[value] ?? []).matches(name).matched)
        const expected = lists.flatMap((list, value) => (reference(list, name) ? [value] : []))
        expect(found.sort((a, b) => a - b)).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })
})

/** By regular expressions and the letter of the rule. */
function reference(patterns: string[], type: string): boolean {
  const whole = (text: string) => (/^alert\.[^.*]+$|^alert\.\*$/.test(text) ? `${text}.firing` : text)
  const fits = (text: string) => {
    const source = whole(text)
      .split('.')
      .map((part) => (part === '**' ? '.+' : part === '*' ? '[^.]+' : part))
      .join('\\.')
    return new RegExp(`^${source}$`).test(whole(type))
  }
  const wanted = patterns.filter((text) => !text.startsWith('!'))
  const unwanted = patterns.filter((text) => text.startsWith('!')).map((text) => text.slice(1))
  return (wanted.length === 0 || wanted.some(fits)) && !unwanted.some(fits)
}
