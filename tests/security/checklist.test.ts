import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'

const root = new URL('../../', import.meta.url)
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8')
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at)
/** Every line of the checklist; some numbers were never given. */
const LINES = [...range(1, 25), ...range(30, 48), ...range(50, 57)].map((n) => `SEC-${String(n).padStart(2, '0')}`)

interface Row {
  line: string
  proof: string
}

async function rows(): Promise<Row[]> {
  const found = [...(await read('SECURITY.md')).matchAll(/^\| (SEC-\d\d) \| [^|]+ \| ([^|]+) \|/gm)]
  return found.map(([, line = '', proof = '']) => ({ line, proof }))
}

/** The tests that a cell names: a file, and perhaps the beginning of a name in it. */
function testsOf(proof: string): { file: string; name: string | undefined }[] {
  return [...proof.matchAll(/(tests\/[\w./-]+\.test\.ts)(?: "([^"]+)")?/g)].map(([, file = '', name]) => ({
    file,
    name,
  }))
}

describe('the checklist in SECURITY.md', () => {
  it('has every line once, each with a test or a plain no', async () => {
    const table = await rows()
    expect(table.map(({ line }) => line)).toEqual(LINES)
    const silent = table.filter(({ proof }) => testsOf(proof).length === 0 && !/^No\b/.test(proof))
    expect(silent).toEqual([])
  })

  it('names tests that are there', async () => {
    const promises = testsOf(await read('RELIABILITY.md')).map((one) => ({ line: 'RELIABILITY.md', ...one }))
    expect(promises.length).toBeGreaterThan(8)
    const checked = (await rows()).flatMap(({ line, proof }) => testsOf(proof).map((one) => ({ line, ...one })))
    expect(checked.length).toBeGreaterThan(60)
    const named = [...promises, ...checked]
    const missing = []
    for (const { line, file, name } of named) {
      const text = await read(file).catch(() => undefined)
      if (text === undefined || (name !== undefined && !text.includes(name))) missing.push(`${line}: ${file} "${name}"`)
    }
    expect(missing).toEqual([])
  })
})
