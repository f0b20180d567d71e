import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_BYTES } from '../../machines/policy/room.ts'
import { NOTHING, pruned } from '../../machines/policy/state.ts'
import { type Given, PolicyStory } from './policy-story.ts'

const SECOND = 1_000
const KB = 1_024
const text = (bytes: number): string => 'x'.repeat(bytes)

const queue: Given = {
  concurrency: { key: 'agent=doctor', mode: 'queue', max: 1, maxQueued: 100, overflow: 'drop-new' },
}
const limits: Given = { limits: [{ key: 'agent=doctor', max: 1, perMs: 20 * SECOND, overflow: 'queue' }] }
const waits: [string, Given, first: 'starts' | 'waits'][] = [
  ['for its time', { forMs: 20 * SECOND }, 'waits'],
  ['for its group', { group: { key: 'agent=doctor', waitMs: 20 * SECOND, max: 100 } }, 'waits'],
  ['for another run to end', queue, 'starts'],
  ['for a limit', limits, 'starts'],
]

describe('what an agent keeps for its policies', () => {
  it.each(waits)(
    'has room for so many bytes that wait %s, and what has none is dropped, which is said',
    (_, given, first) => {
      const story = new PolicyStory(given)
      if (first === 'starts') story.alert({ given: text(10) })
      for (let n = 1; n <= 5; n++) story.alert({ device: `d${n}`, given: text(500 * KB) })
      const dropped = story.decisions.filter(({ outcome }) => outcome === 'dropped')
      expect(dropped.map(({ event }) => event)).toEqual(first === 'starts' ? ['e006'] : ['e005'])
      expect(dropped[0]?.reason).toMatch(
        /^it takes 501 KB, and of the 2 MB for events of this agent that wait 2 MB are taken$/,
      )
      // A small one has room all the same.
      expect(story.alert({ device: 'd9', given: text(10) }).of(first === 'starts' ? 'e007' : 'e006')).not.toContain(
        'dropped',
      )
      expect(JSON.stringify(story.context).length).toBeLessThan(MAX_BYTES + 100 * KB)
    },
  )

  it('lets start what does not have to wait, however large it is', () => {
    const story = new PolicyStory(queue).alert({ given: text(3_000 * KB) })
    expect(story.ran).toEqual(['e001'])
    expect(story.alert({ device: 'd2', given: text(3_000 * KB) }).of('e002')).toEqual(['dropped'])
    expect(story.end('e001').alert({ device: 'd3', given: text(3_000 * KB) }).ran).toEqual(['e001', 'e003'])
  })

  it('takes an event again that was dropped for its size, where it would have been a duplicate', () => {
    const story = new PolicyStory({ ...queue, dedupe: { key: 'device=$device', windowMs: 60 * SECOND } })
    story.alert({ device: 'd0' }).alert({ device: 'd1', given: text(3_000 * KB) })
    expect(story.of('e002')).toEqual(['dropped'])
    expect(story.alert({ device: 'd1' }).of('e003')).toEqual(['queued'])
  })

  it('never takes more, whatever comes, and tells of every event what became of it', { timeout: 60_000 }, () => {
    const event = fc.record({
      device: fc.constantFrom('d1', 'd2', 'd3', 'd4', 'd5', 'd6'),
      kilobytes: fc.constantFrom(1, 700, 1_500, 2_500),
      waitMs: fc.constantFrom(0, 0, 1_000, 30_000),
    })
    fc.assert(
      fc.property(
        fc.constantFrom(...waits.map(([, given]) => given), { ...queue, forMs: SECOND }),
        fc.array(event, { minLength: 5, maxLength: 10 }),
        (given, events) => {
          const story = new PolicyStory(given)
          for (const { device, kilobytes, waitMs } of events) {
            story.alert({ device, given: text(kilobytes * KB) })
            const { policy, backlog } = story.context
            const kept = JSON.stringify([policy?.held, policy?.groups, backlog]).length
            expect(kept).toBeLessThanOrEqual(MAX_BYTES + KB)
            if (waitMs > 0) story.wait(waitMs)
          }
          for (let n = 1; n <= events.length; n++) {
            const id = `e${String(n).padStart(3, '0')}`
            expect(story.of(id).length + Number(story.ran.includes(id)), id).toBeGreaterThan(0)
          }
        },
      ),
      { numRuns: 5 },
    )
  })

  it('remembers so many bytes of keys, and forgets what would be over first', () => {
    const keys = Array.from({ length: 900 }, (_, n) => [`${n}|${text(2 * KB)}`, n + 1] as const)
    const quiet = pruned({ ...NOTHING, quiet: Object.fromEntries(keys) }, 0)?.quiet ?? {}
    const left = Object.values(quiet).toSorted((a, b) => a - b)
    expect(left.length).toBeGreaterThan(200)
    expect(left.length).toBeLessThan(260)
    expect(left).toEqual(Array.from({ length: left.length }, (_, n) => 900 - left.length + n + 1))
  })
})
