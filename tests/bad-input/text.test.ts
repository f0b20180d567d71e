import { describe, expect, it } from 'vitest'
import { jsonSyntax } from './corpus/json-syntax.ts'
import { eventTypes, prototypeKeys, sqlText, unicode } from './corpus/names.ts'
import { size } from './corpus/size.ts'
import { openYard } from './yard.ts'

const ROOM = 300_000

describe('a platform that strangers write to', () => {
  const yard = openYard()

  it('refuses what is no JSON, and says why', { timeout: ROOM }, async () => {
    expect(await yard.shoot(jsonSyntax())).toEqual([])
  })

  it('refuses what is too deep, too large or packed', { timeout: ROOM }, async () => {
    expect(await yard.shoot(size())).toEqual([])
  })

  it('takes or refuses any text of Unicode, and keeps its ids plain', { timeout: ROOM }, async () => {
    expect(await yard.shoot(unicode())).toEqual([])
  })

  it('knows no name by heart that JavaScript knows', { timeout: ROOM }, async () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    expect(await yard.shoot(prototypeKeys())).toEqual([])
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
  })

  it('takes no event of a type that is the runtime’s own, or none', { timeout: ROOM }, async () => {
    expect(await yard.shoot(eventTypes())).toEqual([])
  })

  it('never takes text for SQL', { timeout: ROOM }, async () => {
    expect(await yard.shoot(sqlText())).toEqual([])
  })
})
