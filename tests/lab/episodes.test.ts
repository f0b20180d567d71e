import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Edge, type Episode, follow } from '../../examples/lab/episodes.ts'

const rules = { ignoreMs: 5000, reportMs: 30_000 }
type Sample = { afterMs: number; present: boolean | undefined }

function edgesOf(samples: readonly Sample[]): { edge: Edge; at: number }[] {
  let episode: Episode | undefined
  let now = 0
  return samples.flatMap(({ afterMs, present }) => {
    now += afterMs
    const next = follow(episode, present, now, rules)
    episode = next.episode
    return next.edge ? [{ edge: next.edge, at: now }] : []
  })
}

const lasting = (present: boolean | undefined, ms: number): Sample[] =>
  Array.from({ length: ms / 500 }, () => ({ afterMs: 500, present }))

describe('an episode', () => {
  it('is reported once, thirty seconds after it began, and once more when it ends', () => {
    const edges = edgesOf([...lasting(true, 120_000), ...lasting(false, 10_000)])
    expect(edges).toEqual([
      { edge: 'firing', at: 30_500 },
      { edge: 'resolved', at: 120_500 },
    ])
  })

  it('is not reported when it ends before its time, however often it comes back', () => {
    const flicker = [...lasting(true, 29_000), ...lasting(false, 500)]
    expect(edgesOf([...flicker, ...flicker, ...flicker])).toEqual([])
  })

  it('goes on over a reboot that did not help, instead of resolving and firing again', () => {
    const edges = edgesOf([...lasting(true, 40_000), ...lasting(undefined, 8000), ...lasting(true, 40_000)])
    expect(edges.map(({ edge }) => edge)).toEqual(['firing'])
  })

  it('is forgotten when nobody could see it for longer than noise lasts, before it was reported', () => {
    const edges = edgesOf([...lasting(true, 2000), ...lasting(undefined, 60_000), ...lasting(true, 20_000)])
    expect(edges).toEqual([])
  })

  it('always alternates firing and resolved, and never fires before the condition held for long enough', () => {
    const sample = fc.record({
      afterMs: fc.integer({ min: 1, max: 20_000 }),
      present: fc.constantFrom(true, true, false, undefined),
    })
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 40 }), (samples) => {
        const edges = edgesOf(samples)
        edges.forEach(({ edge }, index) => expect(edge).toBe(index % 2 === 0 ? 'firing' : 'resolved'))
        for (const { at } of edges.filter(({ edge }) => edge === 'firing'))
          expect(absentWithin(samples, at - rules.reportMs, at)).toBe(false)
      }),
    )
  })
})

function absentWithin(samples: readonly Sample[], from: number, to: number): boolean {
  let now = 0
  return samples.some(({ afterMs, present }) => {
    now += afterMs
    return present === false && now > from && now <= to
  })
}
