import { describe, expect, it } from 'vitest'
import { FAULTS } from '../../chaos/faults/all.ts'
import { run } from '../../chaos/run.ts'
import { SHORT } from '../../chaos/sizes.ts'
import { backends } from '../support/redis.ts'

/**
 * Each once, in an order by seed; what one backend is struck with, the other is spared, since the same code answers.
 * `npm run chaos` strikes with all rows, for as long as it is told.
 */
const ROWS = { redis: ['P1', 'P9', 'N9', 'R3'], postgres: ['P1', 'D4', 'D6', 'D16'] }

describe.each(await backends())('a cluster on $name', ({ name }) => {
  it('breaks no promise while processes die and freeze, connections and replies are cut, and its carrier forgets', async () => {
    const said: string[] = []
    const report = await run({
      ...SHORT,
      size: { ...SHORT.size, clients: 4, paceMs: 120 },
      // Nothing here depends on how fast the machine is.
      restMs: 60_000,
      patienceMs: 60_000,
      spanMs: 1_000,
      seed: 20_261,
      backend: name,
      forMs: Infinity,
      faults: FAULTS.filter(({ id }) => ROWS[name].includes(id)),
      tell: (line) => said.push(line),
    })
    expect(report.violations, said.join('\n')).toEqual([])
    expect(report.faults.failed, said.join('\n')).toEqual([])
    expect(report.faults.struck.map(({ id }) => id).sort()).toEqual(ROWS[name].toSorted())
    expect(report).toMatchObject({ valid: true, replayed: report.actors })
  }, 400_000)
})
