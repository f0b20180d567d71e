import { expect, it } from 'vitest'
import { addresses } from './corpus/addresses.ts'
import { patterns, senseless, times, yaml } from './corpus/definitions.ts'
import { jsonSyntax } from './corpus/json-syntax.ts'
import { badMachines } from './corpus/machines.ts'
import { eventTypes, prototypeKeys, sqlText, unicode } from './corpus/names.ts'
import { paths } from './corpus/paths.ts'
import { settings } from './corpus/settings.ts'
import { shapes } from './corpus/shapes.ts'
import { signatures } from './corpus/signatures.ts'
import { size } from './corpus/size.ts'
import { damages } from './corpus/stored.ts'
import { streams, webhooks } from './corpus/streams.ts'
import { toolAnswers } from './corpus/tool-answers.ts'
import { sockets, wire } from './corpus/wire.ts'

/** How many there should be at least, by class. */
const LEAST = [318, 1_200, 60, 150, 120, 140, 160, 90, 200, 120, 320, 90, 220, 60, 150, 140, 200, 70, 90]

it('has as many items in every class as it promises, and no two alike', async () => {
  const key = 'Authorization: Bearer trp_x'
  const ofText = [jsonSyntax(), size(), unicode(), prototypeKeys(), eventTypes(), sqlText(), yaml(), senseless()]
  ofText.push(patterns(), times(), streams(), webhooks(), signatures())
  const items: { class: number; name: string; ask?: { path: string } }[] = [
    ...ofText.flat(),
    ...(await shapes()),
    ...(await paths()),
    ...wire(key),
    ...sockets(key),
    ...badMachines().map(({ name }) => ({ class: 7, name: `machine: ${name}` })),
    ...addresses(80).map((name) => ({ class: 16, name })),
    ...toolAnswers().map(({ name }) => ({ class: 17, name })),
    ...damages().map(({ name }) => ({ class: 18, name })),
    ...settings().map(({ env }) => ({ class: 19, name: JSON.stringify(env) })),
  ]
  const counts = new Map<number, number>()
  for (const { class: of } of items) counts.set(of, (counts.get(of) ?? 0) + 1)
  console.log(`${items.length} items by class:`, Object.fromEntries([...counts].sort(([a], [b]) => a - b)))
  const names = items.map((item) => `class ${item.class}, ${item.name} ${item.ask?.path ?? ''}`)
  const twice = names.filter((name, at) => names.indexOf(name) !== at)
  expect(twice).toEqual([])
  const short = LEAST.flatMap((least, at) => {
    const count = counts.get(at + 1) ?? 0
    return count < least ? [`class ${at + 1} has ${count} of ${least}`] : []
  })
  expect(short).toEqual([])
  expect(items.length).toBeGreaterThanOrEqual(3_800)
})
