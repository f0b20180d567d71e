import { describe, expect, it } from 'vitest'
import { createThreadReader } from '../../actors/agents/yaml-thread.ts'

describe('the thread that reads definitions', () => {
  it('answers with the value and the place of every part', async () => {
    const tree = await createThreadReader()('a:\n  - b: 1\n')
    expect(tree).toMatchObject({ value: { a: [{ b: 1 }] }, problems: [] })
    expect(tree?.positions.get('a[0].b')).toEqual({ line: 2, column: 5 })
  })

  it('is killed when it has worked longer than it may', async () => {
    await expect(createThreadReader(200)('&a '.repeat(300_000))).resolves.toBeUndefined()
  })
})
