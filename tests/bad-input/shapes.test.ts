import { describe, expect, it } from 'vitest'
import { shapes } from './corpus/shapes.ts'
import { openYard } from './yard.ts'

describe('every field of every route', () => {
  const yard = openYard()

  it('is refused in the wrong shape, by its name, and nothing comes of it', { timeout: 300_000 }, async () => {
    expect(await yard.shoot(await shapes())).toEqual([])
  })
})
