import { PNG } from 'pngjs'
import { CANVAS, type Scene, shaderOf } from './scene.ts'

const NOISE_LEVEL = 8

/** RGB, three bytes a pixel, rows from the top. */
export interface Picture {
  width: number
  height: number
  rgb: Uint8Array
}

/** Samples the scene at any size: screenshots are full size, the detector looks at a twenty-fifth of the pixels. */
export function render(scene: Scene, width: number = CANVAS.width, height: number = CANVAS.height): Picture {
  const shader = shaderOf(scene)
  const rgb = new Uint8Array(width * height * 3)
  let at = 0
  for (let row = 0; row < height; row += 1) {
    const y = Math.floor((row * CANVAS.height) / height)
    for (let column = 0; column < width; column += 1) {
      const colour = shader(Math.floor((column * CANVAS.width) / width), y)
      rgb[at++] = colour >> 16
      rgb[at++] = (colour >> 8) & 0xff
      rgb[at++] = colour & 0xff
    }
  }
  return { width, height, rgb }
}

export function encodePng(picture: Picture): Uint8Array<ArrayBuffer> {
  const png = new PNG({ width: picture.width, height: picture.height })
  png.data = Buffer.from(picture.rgb.buffer, picture.rgb.byteOffset, picture.rgb.byteLength)
  // Flat areas and sharp edges: rows compress best unfiltered, and the library's row filter search costs more than the rest.
  const options = {
    colorType: 2,
    inputColorType: 2,
    inputHasAlpha: false,
    filterType: 0,
    deflateLevel: 3,
    deflateStrategy: 0,
  } as const
  return new Uint8Array(PNG.sync.write(png, options))
}

/** Part of the pixels with luma (Rec. 601) at most 10. */
export function blackRatio({ rgb }: Picture): number {
  let black = 0
  for (let at = 0; at < rgb.length; at += 3) {
    const luma = 0.299 * (rgb[at] ?? 0) + 0.587 * (rgb[at + 1] ?? 0) + 0.114 * (rgb[at + 2] ?? 0)
    if (luma <= 10) black += 1
  }
  return black / (rgb.length / 3)
}

/** Part of the pixels that differ between two pictures of one size by more than a capture card's noise. */
export function changedRatio(before: Picture, after: Picture): number {
  let changed = 0
  for (let at = 0; at < after.rgb.length; at += 3) {
    if (differs(before, after, at) || differs(before, after, at + 1) || differs(before, after, at + 2)) changed += 1
  }
  return changed / (after.rgb.length / 3)
}

function differs(before: Picture, after: Picture, at: number): boolean {
  return Math.abs((before.rgb[at] ?? 0) - (after.rgb[at] ?? 0)) > NOISE_LEVEL
}
