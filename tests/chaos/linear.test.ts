import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeLinearity } from '../../chaos/checks/linear.ts'
import type { LockCall } from '../../chaos/lock-work.ts'

let place = 0
/** A call between two moments; without an answer the second is never. */
function call(op: LockCall['op'], ticket: string, token: number | null, from = ++place, to = ++place): LockCall {
  const state = token !== null ? 'granted' : op === 'release' ? 'gone' : 'waiting'
  return { pool: 'p', op, ticket, token, state, from, to }
}

const verdict = (calls: LockCall[]): unknown => judgeLinearity(calls)[0]?.linear

describe('the history of a lock', () => {
  it('is accepted when one holds after the other', () => {
    const calls = [
      call('acquire', 'a', 1),
      call('acquire', 'b', null),
      call('release', 'a', null),
      call('look', 'b', 3),
      call('release', 'b', null),
    ]
    expect(verdict(calls)).toBe(true)
  })

  it('is refused when a lease is seen again after another one had the device', () => {
    expect(verdict([call('acquire', 'a', 1), call('acquire', 'b', 2), call('look', 'a', 1)])).toBe(false)
  })

  it('is refused when two were given one token', () => {
    expect(verdict([call('acquire', 'a', 5), call('acquire', 'b', 5)])).toBe(false)
  })

  it('is refused when a token is smaller than one before', () => {
    expect(verdict([call('acquire', 'a', 5), call('release', 'a', null), call('acquire', 'b', 4)])).toBe(false)
  })

  it('is accepted when answers overlap that would be wrong one after the other', () => {
    expect(verdict([call('acquire', 'b', 2, 1, 10), call('acquire', 'a', 1, 2, 9)])).toBe(true)
  })

  it('may hold calls of which nobody knows whether they happened', () => {
    expect(
      verdict([call('acquire', 'a', 1, 1, 2), call('release', 'a', null, 3, Infinity), call('look', 'a', 1, 4, 5)]),
    ).toBe(true)
  })

  it('is accepted for everything that one device could have done, in whatever order the answers came', () => {
    const deeds = fc.array(fc.record({ ticket: fc.constantFrom('a', 'b', 'c'), spread: fc.nat(3) }), { maxLength: 20 })
    fc.assert(
      fc.property(deeds, (list) => {
        let holder: string | null = null
        let token = 0
        const calls = list.map(({ ticket, spread }, n): LockCall => {
          const from = n * 2 - spread
          const to = n * 2 + 1 + spread
          if (holder === null) {
            holder = ticket
            token += 1
            return call('acquire', ticket, token, from, to)
          }
          if (holder === ticket) {
            holder = null
            return call('release', ticket, null, from, to)
          }
          return call('acquire', ticket, null, from, to)
        })
        expect(calls.length === 0 || verdict(calls)).toBe(true)
      }),
    )
  })
})
