import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { CATALOG } from '../../examples/lab/catalog.ts'
import { createDetector, type Sighting } from '../../examples/lab/detector.ts'
import { createDevice, type LabDevice } from '../../examples/lab/device.ts'
import { createManualClock } from './manual-clock.ts'

const log = pino({ level: 'silent' })
const LOOK_MS = 500

interface Room {
  device: LabDevice
  /** Lets lab time pass with the detector looking all the while; answers what it saw. */
  watch: (ms: number) => Sighting[]
}

function room(): Room {
  const clock = createManualClock()
  const [spec] = CATALOG
  if (!spec) throw new Error('the catalog is empty')
  const device = createDevice(spec, { clock, speed: 1 })
  const detector = createDetector({ devices: [device], rules: { ignoreMs: 5000, reportMs: 30_000 }, clock, log })
  const look = (): Sighting[] => {
    clock.advance(LOOK_MS)
    return detector.look()
  }
  return { device, watch: (ms) => Array.from({ length: ms / LOOK_MS }, look).flat() }
}

const told = (sightings: Sighting[]): string[] => sightings.map(({ condition, edge }) => `${condition} ${edge}`)

describe('the detector', () => {
  it('has nothing to say about a healthy device, playing or on its home screen', () => {
    const { device, watch } = room()
    expect(watch(60_000)).toEqual([])
    device.press('HOME')
    expect(watch(60_000)).toEqual([])
  })

  it.each([
    ['blackscreen', 'blackscreen'],
    ['freeze', 'freeze'],
    ['audio_loss', 'audio_loss'],
    ['macroblocks', 'macroblocks'],
    ['offline', 'device_offline'],
  ] as const)('reports %s after thirty seconds, once, and its end', (kind, condition) => {
    const { device, watch } = room()
    watch(2000)
    device.inject({ kind, survivesReboots: 0 })
    expect(told(watch(29_500))).toEqual([])
    expect(told(watch(90_000))).toEqual([`${condition} firing`])
    device.clearFault()
    expect(told(watch(60_000))).toEqual([`${condition} resolved`])
  })

  it('measures what it reports', () => {
    const { device, watch } = room()
    device.inject({ kind: 'blackscreen', survivesReboots: 0 })
    const [sighting] = watch(40_000)
    expect(sighting?.facts).toMatchObject({ blackRatio: 1 })
    expect((sighting?.at ?? 0) - (sighting?.startedAt ?? 0)).toBe(30_000)
  })

  it('does not call a short dip an incident', () => {
    const { device, watch } = room()
    device.inject({ kind: 'blackscreen', survivesReboots: 0 })
    watch(4000)
    device.clearFault()
    expect(watch(60_000)).toEqual([])
  })

  it('does not call zapping an incident, even when it never stops', () => {
    const { device, watch } = room()
    const sightings = Array.from({ length: 120 }, () => {
      device.press('CHANNEL_UP')
      return watch(500)
    })
    expect(sightings.flat()).toEqual([])
  })

  it('does not call a screen that someone switched off an incident', () => {
    const { device, watch } = room()
    device.press('POWER')
    expect(watch(60_000)).toEqual([])
  })

  it('keeps an incident open over a power cycle that does not help, and closes it after one that does', () => {
    const { device, watch } = room()
    device.inject({ kind: 'blackscreen', survivesReboots: 1 })
    expect(told(watch(40_000))).toEqual(['blackscreen firing'])
    device.powerCycle()
    expect(watch(60_000)).toEqual([])
    device.powerCycle()
    expect(told(watch(10_000))).toEqual(['blackscreen resolved'])
  })

  it('does not blame a black screen for not moving', () => {
    const { device, watch } = room()
    device.inject({ kind: 'blackscreen', survivesReboots: 0 })
    expect(told(watch(120_000))).toEqual(['blackscreen firing'])
  })
})
