import { describe, expect, it } from 'vitest'
import { CATALOG } from '../../examples/lab/catalog.ts'
import { createDevice, type LabDevice } from '../../examples/lab/device.ts'
import type { FaultKind } from '../../examples/lab/faults.ts'
import { createManualClock, type ManualClock } from './manual-clock.ts'

function rack(speed = 1): { clock: ManualClock; device: LabDevice } {
  const clock = createManualClock()
  const [spec] = CATALOG
  if (!spec) throw new Error('the catalog is empty')
  return { clock, device: createDevice(spec, { clock, speed }) }
}

describe('a simulated device', () => {
  it.each<FaultKind>(['blackscreen', 'freeze', 'audio_loss'])('is cured of %s by a power cycle', (kind) => {
    const { device } = rack()
    device.inject({ kind, survivesReboots: 0 })
    expect(device.status().fault).toMatchObject({ kind })
    device.powerCycle()
    expect(device.status().fault).toBeNull()
  })

  it.each<FaultKind>(['offline', 'macroblocks'])(
    'keeps %s through a power cycle, because it comes from outside',
    (kind) => {
      const { device } = rack()
      device.inject({ kind, survivesReboots: 0 })
      device.powerCycle()
      expect(device.status().fault).toMatchObject({ kind })
    },
  )

  it('keeps a stubborn fault for as many power cycles as it was told to survive', () => {
    const { device } = rack()
    device.inject({ kind: 'blackscreen', survivesReboots: 2 })
    device.powerCycle()
    device.powerCycle()
    expect(device.status().fault).toMatchObject({ kind: 'blackscreen' })
    device.powerCycle()
    expect(device.status().fault).toBeNull()
  })

  it('boots for four seconds of lab time and comes back on its default channel', () => {
    const { clock, device } = rack(10)
    device.press('CHANNEL_UP')
    expect(device.powerCycle()).toEqual({ readyInMs: 400 })
    expect(device.status()).toMatchObject({ power: 'booting', channel: 1 })
    expect(device.capture()?.scene.kind).toBe('boot')
    clock.advance(400)
    expect(device.status().power).toBe('on')
    expect(device.capture()?.scene.kind).toBe('live')
  })

  it('shows a newer frame at each look, even within one millisecond, and the same one while frozen', () => {
    const { clock, device } = rack()
    const frame = (): number | undefined => device.capture()?.frame
    expect(frame()).not.toBe(frame())
    device.inject({ kind: 'freeze', survivesReboots: 0 })
    const still = device.capture()
    clock.advance(60_000)
    expect(device.capture()).toEqual(still)
    device.clearFault()
    expect(frame()).toBeGreaterThan(still?.frame ?? Infinity)
  })

  it('ignores its remote while it boots, is off or hangs', () => {
    const { clock, device } = rack()
    device.powerCycle()
    device.press('CHANNEL_UP')
    clock.advance(4000)
    device.inject({ kind: 'freeze', survivesReboots: 0 })
    device.press('CHANNEL_UP')
    device.clearFault()
    device.press('POWER')
    device.press('CHANNEL_UP')
    expect(device.status()).toMatchObject({ power: 'off', channel: 1 })
    device.press('POWER')
    expect(device.status().power).toBe('booting')
  })

  it('goes round its channels in both directions', () => {
    const { device } = rack()
    device.press('CHANNEL_DOWN')
    expect(device.status().channel).toBe(99)
    device.press('CHANNEL_UP')
    expect(device.status().channel).toBe(1)
    device.press('DIGIT_7')
    expect(device.status().channel).toBe(7)
  })

  it('is left on the home screen and the default channel by cleanup', () => {
    const { clock, device } = rack()
    device.press('DIGIT_7')
    clock.advance(1000)
    device.cleanup()
    expect(device.capture()?.scene).toMatchObject({ kind: 'home', channel: 1 })
  })

  it('cannot be seen while it is offline, yet its socket can be switched', () => {
    const { device } = rack()
    device.inject({ kind: 'offline', survivesReboots: 0 })
    expect(device.capture()).toBeUndefined()
    expect(device.status().online).toBe(false)
    device.powerCycle()
    expect(device.status()).toMatchObject({ power: 'booting', online: false })
  })
})
