import { describe, expect, it } from 'vitest'
import { patterns, senseless, times, yaml } from './corpus/definitions.ts'
import { openYard } from './yard.ts'

const ROOM = 300_000

describe('definitions that strangers write', () => {
  const yard = openYard()

  it('cost no more than they may, whatever YAML can do', { timeout: ROOM }, async () => {
    expect(await yard.shoot(yaml())).toEqual([])
  })

  it('are refused where they make no sense', { timeout: ROOM }, async () => {
    expect(await yard.shoot(senseless())).toEqual([])
  })

  it('hold no pattern and no expression that could take for ever', { timeout: ROOM }, async () => {
    expect(await yard.shoot(patterns())).toEqual([])
  })

  it('and events know when it is', { timeout: ROOM }, async () => {
    expect(await yard.shoot(times())).toEqual([])
  })
})
