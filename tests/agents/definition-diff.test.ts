import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { type DefinitionChange, diffDefinitions, diffText } from '../../actors/agents/registry/definition-diff.ts'
import { canonicalJson, type Json } from '../../core/json.ts'

const value = fc.jsonValue({ maxDepth: 3 }).map((one) => JSON.parse(JSON.stringify(one)) as Json)

it('finds nothing between equal values, whatever the order of their keys, and something between all others', () => {
  fc.assert(
    fc.property(value, value, (left, right) => {
      expect(diffDefinitions(left, left)).toEqual([])
      expect(diffDefinitions(left, right).length === 0).toBe(canonicalJson(left) === canonicalJson(right))
    }),
  )
})

it('says the same backwards, with from and to exchanged', () => {
  const turned = { added: 'removed', removed: 'added', changed: 'changed' } as const
  const sorted = (changes: DefinitionChange[]): string[] => changes.map((one) => canonicalJson(one)).sort()
  fc.assert(
    fc.property(value, value, (left, right) => {
      const back = diffDefinitions(right, left).map(({ path, kind, from, to }) => ({
        path,
        kind: turned[kind],
        from: to,
        to: from,
      }))
      expect(sorted(back)).toEqual(sorted(diffDefinitions(left, right)))
    }),
  )
})

it('knows members of a list by their id or name, so that one more in front changes no other', () => {
  const steps = [
    { id: 'look', uses: 'a' },
    { id: 'act', uses: 'b' },
  ]
  expect(diffDefinitions({ steps }, { steps: [{ id: 'first', uses: 'c' }, ...steps] })).toEqual([
    { path: 'steps[first]', kind: 'added', from: null, to: { id: 'first', uses: 'c' } },
  ])
  expect(diffDefinitions({ on: ['a', 'b'] }, { on: ['a', 'c'] })).toEqual([
    { path: 'on[1]', kind: 'changed', from: 'b', to: 'c' },
  ])
})

it('gives lines from which the new text can be read off the old one', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c')), fc.array(fc.constantFrom('a', 'b', 'd')), (left, right) => {
      const from = left.map((line) => `${line}\n`).join('')
      const to = right.map((line) => `${line}\n`).join('')
      const result = from.split('\n')
      let shift = 0
      for (const { oldStart, oldLines, lines } of diffText(from, to)) {
        const kept = lines.filter((line) => !line.startsWith('-')).map((line) => line.slice(1))
        result.splice(oldStart - 1 + shift, oldLines, ...kept)
        shift += kept.length - oldLines
      }
      expect(result.join('\n')).toBe(to)
    }),
  )
})
