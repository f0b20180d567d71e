import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Allowance, Ask, Grant, Rate } from '../../core/allowance.ts'
import { createLimits } from '../../http/door/limits.ts'

const clock = { at: 0, now: () => clock.at }

/** A store in memory, on the clock of the test. `away`: it rejects; `mute`: it never answers. */
function createStore() {
  const paid = new Map<string, number>()
  const store = {
    state: 'there' as 'there' | 'away' | 'mute',
    asked: [] as Ask[],
    async spend({ perSecond, burst }: Rate, asks: readonly Ask[]): Promise<Grant[]> {
      store.asked.push(...asks)
      if (store.state === 'mute') return new Promise(() => undefined)
      if (store.state === 'away') throw new Error('away')
      const costMs = 1000 / perSecond
      return asks.map(({ who, owed, wanted }) => {
        const before = Math.max(paid.get(who) ?? 0, clock.at) + owed * costMs
        const granted = Math.max(0, Math.min(wanted, Math.floor((clock.at + burst * costMs - before) / costMs)))
        paid.set(who, before + granted * costMs)
        return { granted, waitMs: Math.max(0, before + (granted + 1 - burst) * costMs - clock.at) }
      })
    },
    stop: () => Promise.resolve(),
  } satisfies Allowance & Record<string, unknown>
  return store
}

/** Everything that answers, has answered. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** How many of so many requests at once pass in the end. */
async function passed(take: () => Promise<void> | undefined, amount: number): Promise<number> {
  const outcomes = Array.from({ length: amount }, async () => take())
  const settled = await Promise.allSettled(outcomes)
  await settle()
  return settled.filter(({ status }) => status === 'fulfilled').length
}

describe('one limit over several processes', () => {
  it('is never passed by more than what its processes have in hand and owe, and nothing of it is lost to one who goes on', async () => {
    const step = fc.record({ process: fc.nat(2), requests: fc.nat(120), passMs: fc.nat(400) })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.array(step, { minLength: 1, maxLength: 15 }),
        async (perSecond, steps) => {
          clock.at = 1_000_000
          const store = createStore()
          const processes = [0, 1, 2].map(() => createLimits({ perSecond, clock, allowance: store }))
          let total = 0
          for (const { process, requests, passMs } of steps) {
            clock.at += passMs
            const limits = processes[process]
            if (limits) total += await passed(() => limits.takeOfAll('key'), requests)
          }
          const limit = 5 * perSecond + (perSecond * (clock.at - 1_000_000)) / 1000
          expect(total).toBeLessThanOrEqual(limit + processes.length * 2 * Math.max(1, perSecond / 10))
          // Whoever goes on in one place gets all but what the others have in hand.
          clock.at += 5_000
          const [first] = processes
          const more = await passed(() => first?.takeOfAll('key'), 6 * perSecond)
          expect(more).toBeGreaterThanOrEqual(5 * perSecond - processes.length * Math.max(1, perSecond / 10))
        },
      ),
      { numRuns: 40 },
    )
  })

  it('asks the store far less often than it is asked', async () => {
    clock.at = 1_000_000
    const store = createStore()
    const { takeOfAll } = createLimits({ perSecond: 1_000, clock, allowance: store })
    for (let ms = 0; ms < 2_000; ms++) {
      clock.at += 1
      await passed(() => takeOfAll('key'), 1)
    }
    expect(store.asked.length).toBeLessThan(2_000 / 10)
  })

  it('takes no more than was used from the allowance of one who comes now and then', async () => {
    clock.at = 1_000_000
    const store = createStore()
    const { takeOfAll } = createLimits({ perSecond: 1_000, clock, allowance: store })
    for (let second = 0; second < 5; second++) {
      clock.at += 2_000
      expect(takeOfAll('key')).toBeUndefined()
      await settle()
    }
    expect(store.asked).toEqual(Array(5).fill({ who: 'key', owed: 1, wanted: 0 }))
  })

  it.each(['away', 'mute'] as const)(
    'is the limit of each process while the store is %s, and one again after',
    async (state) => {
      clock.at = 1_000_000
      const store = createStore()
      const [one, two] = [1, 2].map(() => createLimits({ perSecond: 10, clock, allowance: store }))
      store.state = state
      expect(await passed(() => one?.takeOfAll('key'), 100)).toBe(50)
      expect(await passed(() => two?.takeOfAll('key'), 100)).toBe(50)
      store.state = 'there'
      clock.at += 60_000
      const total = (await passed(() => one?.takeOfAll('key'), 100)) + (await passed(() => two?.takeOfAll('key'), 100))
      expect(total).toBeLessThanOrEqual(54)
      expect(total).toBeGreaterThanOrEqual(48)
    },
  )

  it('asks no store for those who have not shown who they are', async () => {
    clock.at = 1_000_000
    const store = createStore()
    const { take } = createLimits({ perSecond: 10, clock, allowance: store })
    for (let one = 0; one < 50; one++) take('192.0.2.7')
    expect(() => take('192.0.2.7')).toThrow('10 requests a second')
    await settle()
    expect(store.asked).toEqual([])
  })
})
