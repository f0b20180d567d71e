import { describe, expect, it } from 'vitest'
import { createLoad } from '../../http/load.ts'
import { eventually } from '../support/eventually.ts'

/** What admission says, once the figures that it asks for in the background are there. */
async function verdict(options: { lagMs?: number; maxLagMs?: number; maxHeap?: number }, wanted: string | undefined) {
  const { lagMs = 0, maxLagMs = 600_000, maxHeap = 1 } = options
  const load = createLoad({ lagMs: () => Promise.resolve(lagMs), maxLagMs, maxHeap })
  await eventually(`the answer ${wanted}`, () => {
    try {
      load.admit()
      return wanted === undefined
    } catch (error) {
      return (error as { code: string }).code === wanted
    }
  })
}

describe('new work', () => {
  it('is taken while the oldest message is young and memory is there', () => verdict({}, undefined))

  it('is turned away when the oldest message has waited too long, so that what was accepted is done first', () =>
    verdict({ lagMs: 20_000, maxLagMs: 10_000 }, 'source.overloaded'))

  it('is turned away when memory runs out', () => verdict({ maxHeap: 0.000_1 }, 'system.overloaded'))

  it('is told when to come again', () => {
    const load = createLoad({ lagMs: () => Promise.resolve(0), maxLagMs: 1, maxHeap: 0 })
    expect(() => load.admit()).toThrow(expect.objectContaining({ status: 503, details: { retryAfter: 2 } }))
  })
})
