import fc from 'fast-check'
import { PNG } from 'pngjs'
import { describe, expect, it } from 'vitest'
import { blackRatio, changedRatio, encodePng, render } from '../../examples/lab/picture.ts'
import type { Scene } from '../../examples/lab/scene.ts'

const SMALL = [96, 54] as const
const playing = fc.record({
  kind: fc.constantFrom('live' as const, 'home' as const),
  channel: fc.integer({ min: 1, max: 99 }),
  frame: fc.nat(1_000_000),
  blocky: fc.boolean(),
})

function brightness(scene: Scene): number {
  const { rgb } = render(scene)
  return rgb.reduce((sum, value) => sum + value, 0) / rgb.length
}

describe('the renderer', () => {
  it('never shows two frames of a playing screen that could pass for a freeze', () => {
    fc.assert(
      fc.property(playing, fc.integer({ min: 1, max: 5000 }), (scene, later) => {
        const next = { ...scene, frame: scene.frame + later }
        expect(changedRatio(render(scene, ...SMALL), render(next, ...SMALL))).toBeGreaterThan(0.008)
      }),
    )
  })

  it('never draws a playing screen that could pass for black', () => {
    fc.assert(
      fc.property(playing, (scene) => {
        expect(blackRatio(render(scene, ...SMALL))).toBeLessThan(0.5)
      }),
    )
  })

  it('draws the same scene the same way every time', () => {
    const scene: Scene = { kind: 'live', channel: 7, frame: 1234, blocky: false }
    expect(render(scene).rgb).toEqual(render(scene).rgb)
  })

  it('shows each channel number differently', () => {
    const pictures = [1, 2, 3, 11, 12].map((channel) => render({ kind: 'zap', channel }))
    const digests = new Set(pictures.map(({ rgb }) => Buffer.from(rgb).toString('base64')))
    expect(digests.size).toBe(pictures.length)
  })

  it('shows black as black, and a boot as something clearly brighter', () => {
    expect(blackRatio(render({ kind: 'black' }))).toBe(1)
    expect(brightness({ kind: 'boot', progress: 0 })).toBeGreaterThan(30)
    expect(blackRatio(render({ kind: 'boot', progress: 0.5 }))).toBe(0)
  })

  it('encodes a PNG that decodes to the pixels it was given', () => {
    const picture = render({ kind: 'live', channel: 42, frame: 7, blocky: false })
    const decoded = PNG.sync.read(Buffer.from(encodePng(picture)))
    expect([decoded.width, decoded.height]).toEqual([480, 270])
    expect(Buffer.from(decoded.data.filter((_, index) => index % 4 !== 3))).toEqual(Buffer.from(picture.rgb))
  })
})
