import { inkOf, textWidth } from './glyphs.ts'

/** What is on a screen at one moment. The same scene always gives the same pixels: a frozen screen is a scene shown twice. */
export type Scene =
  | { kind: 'black' }
  | { kind: 'boot'; progress: number }
  | { kind: 'zap'; channel: number }
  | { kind: 'home' | 'live'; channel: number; frame: number; blocky: boolean }

/** Colour (0xRRGGBB) of a point of the 480 × 270 canvas that every scene is drawn on. */
export type Shader = (x: number, y: number) => number

export const CANVAS = { width: 480, height: 270 }
const FRAMES_PER_SECOND = 25
const WHITE = 0xffffff
const BLOCK = 24

/** Everything that depends on the scene alone is computed here, once, and not per pixel. */
export function shaderOf(scene: Scene): Shader {
  switch (scene.kind) {
    case 'black':
      return () => 0x030303
    case 'boot':
      return boot(scene.progress)
    case 'zap':
      return zap(scene.channel)
    case 'home':
      return scene.blocky
        ? macroblocks(home(scene.channel, scene.frame), scene.frame)
        : home(scene.channel, scene.frame)
    case 'live':
      return scene.blocky
        ? macroblocks(live(scene.channel, scene.frame), scene.frame)
        : live(scene.channel, scene.frame)
  }
}

/** A programme: sky, sun, hills and a glittering sea. The glitter is drawn anew for each frame, so no two frames are alike. */
function live(channel: number, frame: number): Shader {
  const hue = (channel * 47) % 360
  const sky = Array.from({ length: CANVAS.height }, (_, y) => hsl(hue, 0.55, 0.3 + (0.4 * y) / CANVAS.height))
  const hill = hsl(hue + 140, 0.4, 0.24)
  const sea = hsl(hue + 30, 0.55, 0.32)
  const glint = hsl(hue + 30, 0.7, 0.8)
  const sun = { x: 300 + 110 * Math.sin(frame / 31), y: 84 + 36 * Math.sin(frame / 23) }
  const horizon = Array.from(
    { length: CANVAS.width },
    (_, x) => 168 - 22 * Math.sin((x + frame * 2) / 53) - 12 * Math.sin((x + frame * 3) / 21),
  )
  const number = numberPlate(String(channel), 24, 24, 12)
  const time = numberPlate(timecode(frame), CANVAS.width - textWidth('00:00:00', 3) - 18, CANVAS.height - 36, 3)
  return (x, y) => {
    const text = number(x, y) ?? time(x, y)
    if (text !== undefined) return text
    if (y >= 190) return noise(Math.floor(x / 14), Math.floor(y / 6), frame) < 0.28 ? glint : sea
    if (y > (horizon[Math.floor(x)] ?? 0)) return hill
    if ((x - sun.x) ** 2 + (y - sun.y) ** 2 < 34 ** 2) return 0xfff3c4
    return sky[Math.floor(y)] ?? 0
  }
}

/** The home screen: tiles, and the channel playing in a corner, because a home screen that stood still would be a freeze. */
function home(channel: number, frame: number): Shader {
  const preview = live(channel, frame)
  const focused = Math.floor(frame / FRAMES_PER_SECOND) % 5
  return (x, y) => {
    if (x >= 204 && x < 456 && y >= 20 && y < 162)
      return preview(((x - 204) * CANVAS.width) / 252, ((y - 20) * CANVAS.height) / 142)
    const tile = Math.floor((x - 24) / 88)
    const inTile = x >= 24 && (x - 24) % 88 < 80 && y >= 184 && y < 244
    if (inTile && tile < 5) return tile === focused ? 0xf2b84b : hsl(205 + tile * 18, 0.35, 0.42)
    if (x >= 24 && x < 160 && y >= 28 && y < 44) return 0xdfe6ee
    if (x >= 24 && x < 180 && y >= 60 && y < 150 && (y - 60) % 24 < 8) return 0x51617a
    return 0x1d2736
  }
}

/** Dark blue with a bar, well above the black threshold: a rebooting device must not look like a black screen. */
function boot(progress: number): Shader {
  const filled = 150 + 180 * Math.min(1, Math.max(0, progress))
  return (x, y) => {
    if (Math.abs(x - 240) + Math.abs(y - 108) < 38 && Math.abs(x - 240) + Math.abs(y - 108) > 20) return 0x7fb2ff
    if (x >= 150 && x < 330 && y >= 190 && y < 200) return x < filled ? 0xcfe0ff : 0x35518f
    return 0x14285f
  }
}

/** Between two channels: the new number on a dim plain picture. */
function zap(channel: number): Shader {
  const text = String(channel)
  const ink = inkOf(text, 240 - textWidth(text, 16) / 2, 79, 16)
  return (x, y) => (ink(x, y) ? WHITE : 0x262b33)
}

/** Damaged blocks show a neighbour's colour over their whole area, as a decoder does that lost part of the stream. */
function macroblocks(picture: Shader, frame: number): Shader {
  const damage = Math.floor(frame / 6)
  return (x, y) => {
    const column = Math.floor(x / BLOCK)
    const row = Math.floor(y / BLOCK)
    const dice = noise(column, row, damage)
    if (dice > 0.4) return picture(x, y)
    const shift = dice < 0.1 ? BLOCK * 3 : 0
    return picture((column * BLOCK + shift) % CANVAS.width, row * BLOCK)
  }
}

function numberPlate(
  text: string,
  left: number,
  top: number,
  scale: number,
): (x: number, y: number) => number | undefined {
  const ink = inkOf(text, left, top, scale)
  const right = left + textWidth(text, scale) + scale
  const bottom = top + 8 * scale
  return (x, y) => {
    if (x < left - scale || x >= right || y < top - scale || y >= bottom) return undefined
    return ink(x, y) ? WHITE : 0x10141c
  }
}

function timecode(frame: number): string {
  const seconds = Math.floor(frame / FRAMES_PER_SECOND)
  return [seconds / 3600, (seconds / 60) % 60, seconds % 60]
    .map((part) => String(Math.floor(part) % 100).padStart(2, '0'))
    .join(':')
}

/** A number in [0, 1) that looks random and is the same for the same arguments. */
function noise(a: number, b: number, c: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32
}

function hsl(hue: number, saturation: number, lightness: number): number {
  const reach = saturation * Math.min(lightness, 1 - lightness)
  const red = lightness - reach * hueCurve(hue / 30)
  const green = lightness - reach * hueCurve(8 + hue / 30)
  const blue = lightness - reach * hueCurve(4 + hue / 30)
  return (Math.round(red * 255) << 16) | (Math.round(green * 255) << 8) | Math.round(blue * 255)
}

function hueCurve(turn: number): number {
  const k = turn % 12
  return Math.max(-1, Math.min(k - 3, 9 - k, 1))
}
