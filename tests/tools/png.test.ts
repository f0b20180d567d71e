import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { PNG } from 'pngjs'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../core/errors.ts'
import { decodePng, readPngSize } from '../../tools/png.ts'
import { picture } from './fake-gateway.ts'

const whole = Buffer.from(picture(40, 30, (x, y) => [x * 6, y * 8, (x * y) % 256]))

describe('decodePng', () => {
  it('gives the pixels back', () => {
    const { width, height, rgba } = decodePng(whole, 'tool.bad_output')
    expect([width, height, rgba.length]).toEqual([40, 30, 4800])
    expect([...rgba.subarray(4 * 41, 4 * 42)]).toEqual([6, 8, 1, 255])
  })

  it('reads grey, colour and alpha in 16 bits as a screen of the same size', () => {
    for (const colorType of [0, 2, 4, 6] as const) {
      const png = PNG.sync.read(whole)
      const bytes = PNG.sync.write(png, { colorType, bitDepth: 16 })
      expect(decodePng(bytes, 'tool.bad_output').rgba).toHaveLength(4800)
    }
  })

  it('answers any damage with pixels of the size it promised, or with an error of the code it was given', () => {
    const damage = fc.array(fc.tuple(fc.integer({ min: 24, max: whole.length - 1 }), fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(damage, fc.boolean(), fc.option(fc.nat(whole.length)), (places, repaired, cut) => {
        const bytes = Buffer.from(whole)
        for (const [at, byte] of places) bytes[at] = byte
        if (repaired) repairSums(bytes)
        const size = sizeOrCode(bytes.subarray(0, cut ?? bytes.length))
        expect([4800, 'tool.bad_input']).toContain(size)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['not a PNG', Buffer.from('GIF89a'.padEnd(64)), 'The picture is not a PNG'],
    ['of no width', withHeader(16, 0), 'A picture of 0 × 30 pixels is not a screen'],
    ['gigantic', withHeader(20, 1_000_000), 'A picture of 40 × 1000000 pixels is not a screen'],
    ['interlaced', withHeader(25, 1), 'An interlaced picture is not a screen'],
  ])('refuses a picture that is %s by its header alone', (_what, bytes, message) => {
    expect(() => readPngSize(bytes, 'tool.bad_output')).toThrow(
      expect.objectContaining({ code: 'tool.bad_output', message }),
    )
  })
})

function withHeader(at: number, value: number): Buffer {
  const bytes = Buffer.from(whole)
  bytes.writeUInt32BE(value, at)
  return bytes
}

/** Makes every chunk's check sum right again, so that damage reaches the decoder behind it. */
function repairSums(bytes: Buffer): void {
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at)
    if (end + 4 > bytes.length) return
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end)
    at = end + 4
  }
}

function sizeOrCode(bytes: Uint8Array): number | string {
  try {
    return decodePng(bytes, 'tool.bad_input').rgba.length
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}
