import { setTimeout as pause } from 'node:timers/promises'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFeed, type Gap, isAfter, type Placed } from '../../actors/follow/feed.ts'
import { eventually } from '../support/eventually.ts'

interface Item extends Placed {
  n: number
}

/** A log that grows by hand, and a feed on it that counts its readings. */
function makeLog(maxQueue?: number) {
  const items: Item[] = []
  const readings: string[] = []
  let wake = (): void => undefined
  const feed = createFeed<Item>({
    ...(maxQueue === undefined ? {} : { maxQueue }),
    now: async () => `${items.length}.9`,
    read: async (after) => {
      readings.push(after)
      return items.filter(({ cursor }) => isAfter(cursor, after)).slice(0, 7)
    },
    async *tail(read, signal) {
      signal.addEventListener('abort', () => wake())
      while (!signal.aborted) {
        const found = await read()
        yield* found
        if (found.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      }
    },
  })
  return {
    feed,
    readings,
    add(count: number) {
      for (let n = 0; n < count; n++) items.push({ n: items.length + 1, cursor: `${items.length + 1}.1` })
      wake()
    },
  }
}

const isItem = (item: Item | Gap): item is Item => 'n' in item
const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Follows until the signal; `delay` is awaited after each item. */
function follow(
  log: ReturnType<typeof makeLog>,
  after: string | null,
  signal: AbortSignal,
  delay?: () => Promise<unknown>,
) {
  const seen: number[] = []
  let gaps = 0
  const done = (async () => {
    for await (const item of log.feed.follow({ after, wants: () => true, signal })) {
      if (isItem(item)) seen.push(item.n)
      else gaps += 1
      await delay?.()
    }
  })()
  return { seen, done, gaps: () => gaps }
}

describe('a feed', () => {
  it('reads once for everybody who follows', async () => {
    const log = makeLog()
    const end = new AbortController()
    const followers = Array.from({ length: 200 }, () => follow(log, null, end.signal))
    await eventually('the reading to begin', () => log.readings.length > 0)
    await pause(0)
    log.add(20)
    await eventually('all to see all', () => followers.every(({ seen }) => seen.length === 20))
    for (const { seen } of followers) expect(seen).toEqual(numbers(1, 20))
    // 20 items are three pages and an empty one, after the first look.
    expect(log.readings.length).toBeLessThan(10)
    end.abort()
    await Promise.all(followers.map(({ done }) => done))
  })

  it('gives whoever comes with a cursor what they missed, then what comes, without gaps or doubles', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 5 }),
        async (starts, batches, maxQueue) => {
          const log = makeLog(maxQueue)
          const end = new AbortController()
          log.add(30)
          const followers = starts.map((start) => ({ start, ...follow(log, `${start}.5`, end.signal) }))
          for (const batch of batches) {
            await pause(0)
            log.add(batch)
          }
          const last = 30 + batches.reduce((sum, batch) => sum + batch, 0)
          await eventually('all to see the last', () => followers.every(({ seen }) => seen.at(-1) === last))
          for (const { start, seen } of followers) expect(seen).toEqual(numbers(start + 1, last))
          end.abort()
          await Promise.all(followers.map(({ done }) => done))
        },
      ),
      { numRuns: 25 },
    )
  })

  it('keeps little for one who is slow, tells them so, and leaves nothing out', async () => {
    const log = makeLog(5)
    const end = new AbortController()
    const gate = Promise.withResolvers<void>()
    const slow = follow(log, null, end.signal, () => gate.promise)
    const quick = follow(log, null, end.signal)
    await eventually('the reading to begin', () => log.readings.length > 0)
    await pause(0)
    log.add(50)
    await eventually('the quick one to see all', () => quick.seen.length === 50)
    expect(slow.seen).toEqual([1])
    gate.resolve()
    await eventually('the slow one to see all', () => slow.seen.length === 50)
    expect(slow.seen).toEqual(numbers(1, 50))
    expect(slow.gaps()).toBe(1)
    end.abort()
    await Promise.all([slow.done, quick.done])
  })

  it('stops reading when nobody follows any more, and begins again with the next', async () => {
    const log = makeLog()
    const first = new AbortController()
    const one = follow(log, null, first.signal)
    await eventually('the reading to begin', () => log.readings.length > 0)
    first.abort()
    await one.done
    const readings = log.readings.length
    log.add(5)
    await pause(5)
    expect(log.readings.length).toBe(readings)
    const second = new AbortController()
    const two = follow(log, '2.1', second.signal)
    await eventually('the rest to be seen', () => two.seen.length === 3)
    expect(two.seen).toEqual([3, 4, 5])
    second.abort()
    await two.done
  })

  it('knows which of two cursors stands behind', () => {
    fc.assert(
      fc.property(
        fc.bigInt(0n, 10n ** 19n),
        fc.bigInt(0n, 10n ** 18n),
        fc.bigInt(0n, 10n ** 19n),
        fc.bigInt(0n, 10n ** 18n),
        (a, b, c, d) => {
          expect(isAfter(`${a}.${b}`, `${c}.${d}`)).toBe(a > c || (a === c && b > d))
        },
      ),
    )
  })
})
