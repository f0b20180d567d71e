import { describe, expect, it } from 'vitest'
import { createLoad } from '../../http/door/load.ts'
import { eventually } from '../support/eventually.ts'

/** What admission says, once the figures that it asks for in the background are there. */
async function verdict(options: { lagMs?: number; maxLagMs?: number; maxHeap?: number }): Promise<string> {
  const { lagMs = 0, maxLagMs = 600_000, maxHeap = 1 } = options
  let told = false
  const lag = (): Promise<number> => {
    const figure = Promise.resolve(lagMs)
    void figure.then(() => undefined).then(() => (told = true))
    return figure
  }
  const load = createLoad({ lagMs: lag, maxLagMs, maxHeap })
  const say = (): string => {
    try {
      load.admit()
      return 'taken'
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  say()
  await eventually('the figures to be there', () => told)
  return say()
}

describe('new work', () => {
  it('is taken while the oldest message is young and memory is there', async () => {
    expect(await verdict({})).toBe('taken')
  })

  it('is turned away when the oldest message has waited too long, so that what was accepted is done first', async () => {
    expect(await verdict({ lagMs: 20_000, maxLagMs: 10_000 })).toBe('source.overloaded')
  })

  it('is turned away when memory runs out', async () => {
    expect(await verdict({ maxHeap: 0.000_1 })).toBe('system.overloaded')
  })

  it('is told when to come again', () => {
    const load = createLoad({ lagMs: () => Promise.resolve(0), maxLagMs: 1, maxHeap: 0 })
    expect(() => load.admit()).toThrow(expect.objectContaining({ status: 503, details: { retryAfter: 2 } }))
  })
})
