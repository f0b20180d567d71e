import { describe, expect, it } from 'vitest'
import { describeNthCall, runNthCall } from '../../chaos/nth-call/run.ts'
import { backends } from '../support/redis.ts'

/** A few by seed; `npm run chaos -- --nth-call` strikes at all of them. */
const SAMPLE = 6
const ONLY = ['message', 'timers', 'child', 'invocation', 'lock', 'dead letter', 'migration']

describe.each(await backends())('a sample of the n-th call loop on $name', ({ name }) => {
  it('breaks no promise, whichever call fails, loses its answer, or ends or stops its process', async () => {
    const said: string[] = []
    const report = await runNthCall({
      seed: 20_262,
      backend: name,
      sample: SAMPLE,
      only: ONLY,
      tell: (line) => said.push(line),
    })
    console.log(
      `on ${name}: ${report.aimed} of ${report.points} points of ${report.scenarios.length} scenarios, a sample`,
    )
    expect(report.violations, `${said.join('\n')}\n${describeNthCall(report)}`).toEqual([])
    expect(report.aimed).toBe(SAMPLE)
    expect(report.points).toBeGreaterThan(SAMPLE)
    expect(Object.values(report.struck).reduce((sum, one) => sum + one, 0)).toBeGreaterThan(SAMPLE / 2)
  }, 300_000)
})
