import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { durationMs } from '../../actors/agents/expressions/duration.ts'
import { AppError } from '../../core/errors.ts'
import { outcomeOf } from './outcome.ts'

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['10m', 600_000],
    ['1.5h', 5_400_000],
    ['1d', 86_400_000],
  ])('reads %s as %i milliseconds', (text, ms) => {
    expect(durationMs(text)).toBe(ms)
  })

  it('refuses everything without a unit, and text around it', () => {
    for (const text of ['', '30', '-1s', '1 s', '1s ', '1w', 's', '1e3s', '1s\n', '.5s', '1.s']) {
      expect(() => durationMs(text)).toThrow(expect.objectContaining({ code: 'expression.invalid' }))
    }
  })

  it('gives a whole number of milliseconds or throws an AppError, for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d+(\.\d+)?(ms|s|m|h|d)$/)), (text) => {
        expect(outcomeOf(() => Number.isSafeInteger(durationMs(text)))).toSatisfy(
          (outcome) => outcome === true || outcome instanceof AppError,
        )
      }),
    )
  })
})
