import { describe, expect, it } from 'vitest'
import { renderChart } from '../../bench/chart.ts'
import { isWanted, parseOptions } from '../../bench/options.ts'
import { rateBetween } from '../../bench/questions/backlog.ts'
import { ratiosOf } from '../../bench/ratios.ts'
import type { Result, Row } from '../../bench/result.ts'
import { QUICK } from '../../bench/sizes.ts'
import { figure, grid, renderTable } from '../../bench/table.ts'

const row = (name: string, perSecond: number, p50Ms = 1): Row => ({
  name,
  perSecond,
  p50Ms,
  p99Ms: p50Ms * 2,
  rounds: [perSecond],
  durability: 'all',
})
const result = (rows: Row[]): Result => ({
  at: '2026-11-22T12:00:00.000Z',
  mode: 'quick',
  partial: false,
  machine: { cpu: 'A & B <fast>', cores: 2, node: 'v24', fsyncMs: 0.5 },
  versions: {},
  sizes: QUICK,
  rows,
  questions: [{ name: 'idle actors', figures: { costVsThousand: 1.1, 'memory, MB': 200 } }],
  ratios: { httpVsRestate: 10 },
  notMeasured: { 'bullmq redis': 'install redis-server' },
  failed: { backlog: 'took too long' },
})

describe('ratios', () => {
  it('compare the slower of our backends with a peer, and like with like where the peer is on one of them', () => {
    const rows = [
      row('troupe http 64 redis', 4_000),
      row('troupe http 64 embedded', 3_000),
      row('restate http 64', 300),
      row('troupe library redis', 8_000),
      row('bullmq redis', 4_000),
    ]
    expect(ratiosOf(rows, [])).toEqual({ httpVsRestate: 10, vsBullmqRedis: 2 })
  })

  it('are taken round by round, so that a disturbance which hit both sides does not count', () => {
    const rounds = (name: string, ...perRound: number[]): Row => ({ ...row(name, 0), rounds: perRound })
    const rows = [rounds('troupe library embedded', 1_000, 100, 1_100), rounds('dbos', 100, 10, 100)]
    expect(ratiosOf(rows, [])).toEqual({ vsDbos: 10 })
  })

  it('leave out what was not measured instead of guessing it', () => {
    expect(ratiosOf([row('troupe batch redis', 9_000), row('floor', 10_000)], [])).toEqual({})
    expect(ratiosOf([], [{ name: 'idle actors', figures: { costVsThousand: 1.2 } }])).toEqual({
      millionVsThousand: 1.2,
    })
  })

  it('compare latencies of the one-by-one rows by their medians', () => {
    expect(ratiosOf([row('troupe http 1 redis', 1, 3), row('restate http 1', 1, 6)], [])).toEqual({
      sequentialVsRestate: 0.5,
    })
  })
})

describe('the table', () => {
  it('shows rows, answers, ratios, and what was not measured or found no answer, with the reason', () => {
    const text = renderTable(result([row('troupe http 64 redis', 12_345.6)]))
    expect(text).toMatch(/troupe http 64 redis +12,346 +1 +2 +12345\.6/)
    expect(text).toMatch(/memory, MB +200/)
    expect(text).toMatch(/httpVsRestate +10/)
    expect(text).toContain('not measured: bullmq redis: install redis-server')
    expect(text).toContain('failed: backlog: took too long')
  })

  it('keeps three digits that mean something', () => {
    expect([0.01234, 9.876, 1_234.5, Number.NaN, 1 / 0].map(figure)).toEqual(['0.0123', '9.88', '1,235', '–', '–'])
  })

  it('aligns its columns', () => {
    expect(
      grid(
        ['a', 'n'],
        [
          ['long', '1'],
          ['b', '100'],
        ],
      ),
    ).toEqual(['a       n', '---------', 'long    1', 'b     100'])
  })
})

describe('the chart', () => {
  it('draws bars in proportion, fastest first, without the ceiling', () => {
    const svg = renderChart(result([row('dbos', 100), row('troupe batch redis', 400), row('ceiling', 100_000)]))
    const widths = [...svg.matchAll(/<rect class="(\w+)" x="230"[^>]* width="([\d.]+)"/g)].map(([, kind, width]) => [
      kind,
      Number(width),
    ])
    expect(widths.map(([kind]) => kind)).toEqual(['ours', 'theirs'])
    expect(Number(widths[0]![1]) / Number(widths[1]![1])).toBeCloseTo(4, 1)
    expect(svg).not.toContain('ceiling')
  })

  it('is well-formed whatever the machine is called, and knows light and dark', () => {
    const svg = renderChart(result([row('floor', 1)]))
    expect(svg).toContain('A &amp; B &lt;fast&gt;')
    expect(svg).toContain('prefers-color-scheme: dark')
  })
})

describe('the speed of a backlog', () => {
  it('is read between two levels, between the looks too', () => {
    const curve = [0, 0, 500, 1_000].map((done, n) => ({ at: n * 1_000, done }))
    expect(rateBetween(curve, 0, 1_000)).toBeCloseTo(500)
    expect(rateBetween(curve, 0, 100)).toBeCloseTo(500)
    expect(rateBetween([...curve.slice(0, 3), { at: 12_000, done: 1_000 }], 900, 1_000)).toBeCloseTo(50)
  })
})

describe('options', () => {
  it('choose rows and questions by parts of their names', () => {
    const { only, quick } = parseOptions(['--quick', '--only', 'batch, floor'])
    expect(quick).toBe(true)
    expect(['troupe batch redis', 'floor', 'dbos'].map((name) => isWanted(name, only))).toEqual([true, true, false])
    expect(isWanted('anything', parseOptions([]).only)).toBe(true)
  })

  it('refuse what they do not know', () => {
    expect(() => parseOptions(['--fast'])).toThrow("Unknown option '--fast'")
  })
})
