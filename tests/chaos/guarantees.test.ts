import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8')
const IDS = Array.from({ length: 28 }, (_, n) => `G${n + 1}`)

interface Row {
  id: string
  proof: string
}

/** The rows of the table of guarantees in RELIABILITY.md. */
async function rows(): Promise<Row[]> {
  const found = (await read('RELIABILITY.md')).matchAll(/^\| (G\d+) \| [^|]+ \| ([^|]+) \|/gm)
  return [...found].map(([, id = '', proof = '']) => ({ id, proof }))
}

/** The tests that a cell names, each with the beginning of its name. */
function testsOf(proof: string): { file: string; name: string }[] {
  return [...proof.matchAll(/(tests\/[\w./-]+\.test\.ts)((?:,? "[^"]+")+)/g)].flatMap(([, file = '', names = '']) =>
    [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => ({ file, name })),
  )
}

const asked = (proof: string): string[] => [...proof.matchAll(/chaos (G\d+)/g)].map(([, rule = '']) => rule)

/** The titles of the tests in a file: what stands first in an `it`, however it is called. */
function titlesOf(text: string): string[] {
  return [...text.matchAll(/\bit(?:\.\w+)?(?:\([^'"`]*?\))?\(\s*(['"`])((?:(?!\1).)+)\1/g)].map(
    ([, , title = '']) => title,
  )
}

describe('the guarantees in RELIABILITY.md', () => {
  it('are all there, each with a test of its own or a question of the chaos suite', async () => {
    const table = await rows()
    expect(table.map(({ id }) => id)).toEqual(IDS)
    expect(table.filter(({ proof }) => testsOf(proof).length + asked(proof).length === 0)).toEqual([])
    expect(table.flatMap(({ proof }) => testsOf(proof)).length).toBeGreaterThan(50)
  })

  it('name tests that are there, by the beginning of their names', async () => {
    const missing: string[] = []
    for (const { id, proof } of await rows()) {
      for (const { file, name } of testsOf(proof)) {
        const titles = titlesOf(await read(file).catch(() => ''))
        if (!titles.some((title) => title.startsWith(name))) missing.push(`${id}: ${file} "${name}"`)
      }
    }
    expect(missing).toEqual([])
  })

  it('are asked for by checks that are known to find what they look for', async () => {
    const fabricated = await read('tests/chaos/checks.test.ts')
    const wanted = new Set((await rows()).flatMap(({ proof }) => asked(proof)))
    expect(wanted.size).toBeGreaterThan(15)
    expect([...wanted].filter((rule) => !fabricated.includes(`'${rule}: `))).toEqual([])
  })

  it('are the only ones that checks ask for', async () => {
    const named = new Set((await rows()).flatMap(({ proof }) => asked(proof)))
    const files = await readdir(new URL('chaos/checks/', root))
    const rules = new Set<string>()
    for (const file of files)
      for (const [, rule = ''] of (await read(`chaos/checks/${file}`)).matchAll(/'(G\d+)'/g)) rules.add(rule)
    expect([...rules].filter((rule) => !named.has(rule))).toEqual([])
  })
})
