import { expect, it } from 'vitest'
import { isDuration, parseDuration } from '../../core/duration.ts'

it.each([
  ['250ms', 250],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['2d', 172_800_000],
  ['1w', 604_800_000],
  ['0s', 0],
])('%s is %i milliseconds', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

it.each(['', '30', 's', '-1s', '1e3s', '1 s', ' 1s', '1s ', 'ten seconds', '1.s', `${'9'.repeat(10)}s`])(
  '%j is no duration',
  (text) => {
    expect(isDuration(text)).toBe(false)
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'request.invalid' }))
  },
)
