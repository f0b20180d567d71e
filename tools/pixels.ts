import type { Pixels } from './png.ts'

const BLACK_LUMA = 10
/** Smaller differences are what a capture card and its codec add to a still picture. */
const NOISE = 10

/** How dark a picture is: the share of pixels with luma ≤ 10, and the mean luma from 0 to 255 (Rec. 601). */
export function darkness({ width, height, rgba }: Pixels): { blackRatio: number; brightness: number } {
  const count = width * height
  let black = 0
  let total = 0
  for (let at = 0; at < count * 4; at += 4) {
    const luma = (299 * byte(rgba, at) + 587 * byte(rgba, at + 1) + 114 * byte(rgba, at + 2)) / 1000
    if (luma <= BLACK_LUMA) black++
    total += luma
  }
  return { blackRatio: black / count, brightness: total / count }
}

/** The share of pixels that differ by more than noise in any colour; pictures of different sizes differ everywhere. */
export function changedRatio(before: Pixels, after: Pixels): number {
  if (before.width !== after.width || before.height !== after.height) return 1
  const count = before.width * before.height
  let changed = 0
  for (let at = 0; at < count * 4; at += 4) {
    const differs =
      Math.abs(byte(before.rgba, at) - byte(after.rgba, at)) > NOISE ||
      Math.abs(byte(before.rgba, at + 1) - byte(after.rgba, at + 1)) > NOISE ||
      Math.abs(byte(before.rgba, at + 2) - byte(after.rgba, at + 2)) > NOISE
    if (differs) changed++
  }
  return changed / count
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0
}
