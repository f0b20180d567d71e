import { PNG } from 'pngjs'
import { AppError, type ErrorCode } from '../core/errors.ts'

/** Two 4K pictures side by side; more is a bomb, or a mistake. */
const MAX_PIXELS = 2 * 3840 * 2160
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** Decoded pixels, four bytes each: red, green, blue, alpha. */
export interface Pixels {
  width: number
  height: number
  rgba: Uint8Array
}

/** Reads only the header: enough to know that it is a PNG of a sane size. Throws `code`. */
export function readPngSize(bytes: Uint8Array, code: ErrorCode): { width: number; height: number } {
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (png.length < 33 || !png.subarray(0, 8).equals(SIGNATURE) || png.toString('latin1', 12, 16) !== 'IHDR') {
    throw new AppError(code, 'The picture is not a PNG')
  }
  const width = png.readUInt32BE(16)
  const height = png.readUInt32BE(20)
  if (width === 0 || height === 0 || width * height > MAX_PIXELS) {
    throw new AppError(code, `A picture of ${width} × ${height} pixels is not a screen`)
  }
  // pngjs inflates interlaced pictures without a bound, and no screenshot is one.
  if (png[28] !== 0) throw new AppError(code, 'An interlaced picture is not a screen')
  return { width, height }
}

/**
 * Decodes a PNG; its header is checked first, so that a small file cannot ask for gigabytes. Throws `code`.
 * It blocks, for about 50 ns a pixel: the asynchronous parser of pngjs hangs on some damaged files, and on others throws
 * where nobody can catch it.
 */
export function decodePng(bytes: Uint8Array, code: ErrorCode): Pixels {
  readPngSize(bytes, code)
  try {
    const { width, height, data } = PNG.sync.read(Buffer.from(bytes))
    return { width, height, rgba: data }
  } catch (cause) {
    throw new AppError(code, 'The PNG is damaged', { cause })
  }
}
