import { describe, expect, it } from 'vitest'
import { createThreadReader } from '../../actors/agents/format/yaml-thread.ts'

describe('the thread that reads definitions', () => {
  it('answers with the value and the place of every part', async () => {
    const tree = await createThreadReader()('a:\n  - b: 1\n')
    expect(tree).toMatchObject({ value: { a: [{ b: 1 }] }, problems: [] })
    expect(tree?.positions.get('a[0].b')).toEqual({ line: 2, column: 5 })
  })

  it('takes any number of texts at once with two threads, and refuses a line without end', async () => {
    let threads = 0
    const count = (): void => void (threads += 1)
    process.on('worker', count)
    const read = createThreadReader()
    const texts = Array.from({ length: 103 }, async (_, at) => (await read(`at: ${at}`))?.value)
    const answers = await Promise.allSettled(texts)
    process.off('worker', count)
    expect(answers.slice(0, 102)).toEqual(
      Array.from({ length: 102 }, (_, at) => ({ status: 'fulfilled', value: { at } })),
    )
    expect(answers[102]).toMatchObject({ reason: { code: 'source.overloaded', retryable: true } })
    expect(threads).toBe(2)
  })

  it('is killed when it has worked longer than it may', async () => {
    await expect(createThreadReader(200)('&a '.repeat(300_000))).resolves.toBeUndefined()
  })
})
