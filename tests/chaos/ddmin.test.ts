import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ddmin } from '../../chaos/ddmin.ts'

it('keeps exactly what is needed, wherever it stands in the list', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.array(fc.nat(59), { maxLength: 6 }),
      async (length, wanted) => {
        const items = Array.from({ length }, (_, n) => n)
        const needed = items.filter((n) => wanted.includes(n))
        const fails = (part: readonly number[]): Promise<boolean> =>
          Promise.resolve(needed.every((n) => part.includes(n)))
        expect(await ddmin(items, fails)).toEqual(needed)
      },
    ),
  )
})

it('answers something that failed when time is up, however far it got', async () => {
  let asked = 0
  const fails = (part: readonly number[]): Promise<boolean> => {
    asked += 1
    return Promise.resolve(part.includes(3))
  }
  const least = await ddmin([1, 2, 3, 4, 5, 6, 7, 8], fails, () => asked < 2)
  expect(least).toContain(3)
  expect(asked).toBe(2)
})
