import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { didYouMean, suggest } from '../../core/suggest.ts'

const KEYS = ['kind', 'status', 'device', 'host', 'severity', 'startsAt', 'endsAt', 'labels', 'annotations']

describe('suggest', () => {
  it.each([
    ['sevrity', 'severity'],
    ['Severity', 'severity'],
    ['starts_at', 'startsAt'],
    ['device_id', 'device'],
    ['hots', 'host'],
    ['label', 'labels'],
    ['payload', undefined],
    ['', undefined],
    ['x', undefined],
  ])('hears %j and thinks of %j', (word, known) => {
    expect(suggest(word, KEYS)).toBe(known)
  })

  it('always knows a word that is right', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KEYS), (key) => {
        expect(suggest(key, KEYS)).toBe(key)
      }),
    )
  })

  it('comes to an end with a word of a million letters', () => {
    expect(suggest('a'.repeat(1_000_000), KEYS)).toBeUndefined()
  })

  it('speaks only when it has something to say', () => {
    expect(didYouMean('hots', KEYS)).toBe(' (did you mean "host"?)')
    expect(didYouMean('payload', KEYS)).toBe('')
  })
})
