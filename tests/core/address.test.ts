import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { address, parseAddress, teamKey } from '../../core/address.ts'

const team = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
const key = fc.stringMatching(/^[a-z][a-z0-9:.-]{0,12}$/)

describe('an address', () => {
  it('comes apart into what it was made of', () => {
    fc.assert(
      fc.property(team, key, (kind, k) => {
        expect(parseAddress(address(kind, k))).toEqual({ kind, key: k })
      }),
    )
  })

  it.each([
    'lock',
    'lock/',
    '/paris',
    'lock/pa ris',
    'lock/pa/ris',
    'lock/../x',
    'lock/%00',
    `lock/${'x'.repeat(201)}`,
  ])('is refused when it would not survive a URL: %s', (text) =>
    expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'actor.bad_address' })),
  )
})

describe('the key of a team', () => {
  it('is never that of another team, nor of another name', () => {
    fc.assert(
      fc.property(
        fc.oneof(team, fc.constant('default')),
        key,
        fc.oneof(team, fc.constant('default')),
        key,
        (a, k, b, l) => {
          if (a === b && k === l) return
          expect(teamKey(a, k)).not.toBe(teamKey(b, l))
        },
      ),
      { numRuns: 2_000, examples: [['default', 'a:b', 'a', 'b']] },
    )
  })
})
