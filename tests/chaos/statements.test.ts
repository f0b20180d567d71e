import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createStatementReader } from '../../chaos/statements.ts'

const message = (type: string, body: string): Buffer => {
  const bytes = Buffer.from(body, 'latin1')
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeUInt32BE(bytes.length + 4, 1)
  return Buffer.concat([head, bytes])
}
const startup = Buffer.concat([Buffer.from([0, 0, 0, 12]), Buffer.from('startup!')])

it('reads statements out of the bytes of a client, prepared ones too, however the bytes are cut', () => {
  const stream = Buffer.concat([
    startup,
    message('P', 'one\0select 1\0\0\0'),
    message('B', '\0one\0'),
    message('Q', 'listen x\0'),
    message('B', '\0one\0'),
  ])
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: stream.length }), { maxLength: 6 }), (cuts) => {
      const read = createStatementReader()
      const ends = [...new Set([...cuts, stream.length])].sort((a, b) => a - b)
      const texts = ends.flatMap((end, n) => read(stream.subarray(ends[n - 1] ?? 0, end)))
      expect(texts).toEqual(['select 1', 'listen x', 'select 1'])
    }),
  )
})
