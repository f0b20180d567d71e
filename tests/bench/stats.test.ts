import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { median, percentile, spread, summarize } from '../../bench/stats.ts'

const figures = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 })

describe('statistics of the benchmark', () => {
  it('take as a percentile a value that was seen, with at least that share of all at or below it', () => {
    fc.assert(
      fc.property(figures, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, share) => {
        const sorted = values.toSorted((a, b) => a - b)
        const found = percentile(sorted, share)
        expect(values).toContain(found)
        expect(sorted.filter((value) => value <= found).length / sorted.length).toBeGreaterThanOrEqual(share - 1e-9)
        // And no smaller value would do.
        expect(sorted.filter((value) => value < found).length / sorted.length).toBeLessThan(share)
      }),
    )
  })

  it('find the middle, whatever the order', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])]).toEqual([2, 2.5, 7])
    expect(median([])).toBeNaN()
    fc.assert(
      fc.property(figures, (values) => {
        const middle = median(values)
        const below = values.filter((value) => value <= middle).length
        const above = values.filter((value) => value >= middle).length
        expect(Math.min(below, above) * 2).toBeGreaterThanOrEqual(values.length)
      }),
    )
  })

  it('report one slow round without letting it speak for the others', () => {
    const round = (events: number) => ({ events, seconds: 2, p50Ms: 1, p99Ms: 9 })
    expect(summarize([round(2_000), round(10), round(2_200)])).toEqual({
      perSecond: 1_000,
      p50Ms: 1,
      p99Ms: 9,
      rounds: [1_000, 5, 1_100],
    })
  })

  it('take the 99th of a hundred samples as p99, not the worst', () => {
    const samples = Array.from({ length: 100 }, (_, n) => n + 1)
    expect(spread(samples)).toEqual({ p50Ms: 50, p99Ms: 99, maxMs: 100 })
  })
})
