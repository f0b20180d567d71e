import type { DeviceSpec } from './catalog.ts'
import type { Clock } from './clock.ts'
import { type FaultKind, MENDED_BY_REBOOT, type NewFault } from './faults.ts'
import { type Key, tunedChannel } from './keys.ts'
import type { Scene } from './scene.ts'

const BOOT_MS = 4000
const ZAP_MS = 800
const FRAME_MS = 40

/** What a capture card sees at one moment: `frame` counts pictures and stands still on a frozen screen. */
export interface Capture {
  scene: Scene
  frame: number
}

/** What the decoder tells about itself; sound and broken blocks cannot be seen in one small picture. */
export interface Meters {
  audioDb: number
  decodeErrors: number
}

export interface DeviceStatus {
  power: 'on' | 'off' | 'booting'
  online: boolean
  channel: number
  fault: { kind: FaultKind; since: string } | null
}

export interface LabDevice {
  readonly spec: DeviceSpec
  status(): DeviceStatus
  /** The picture on the screen now; `undefined` while the device cannot be reached. Each call sees a newer frame. */
  capture(): Capture | undefined
  meters(): Meters
  /** False while the picture is one that nobody should judge: off, booting, or between two channels. */
  settled(): boolean
  press(key: Key): void
  /** Answers how long the device will be booting. Works without network: the lab switches the socket. */
  powerCycle(): { readyInMs: number }
  cleanup(): void
  inject(fault: NewFault): void
  clearFault(): void
}

/** Nothing ticks in here: power, frame and channel change follow from the time of the question. */
export function createDevice(spec: DeviceSpec, { clock, speed }: { clock: Clock; speed: number }): LabDevice {
  const bootMs = Math.ceil(BOOT_MS / speed)
  const zapMs = Math.ceil(ZAP_MS / speed)
  const bornAt = clock.now()
  let screen: 'live' | 'home' = 'live'
  let channel = spec.defaultChannel
  let standby = false
  let readyAt = 0
  let zappedUntil = 0
  let lastFrame = 0
  let fault: { kind: FaultKind; since: string; rebootsLeft: number; still: Capture } | null = null

  const power = (): DeviceStatus['power'] => (standby ? 'off' : clock.now() < readyAt ? 'booting' : 'on')
  const online = (): boolean => fault?.kind !== 'offline'

  function powerCycle(): { readyInMs: number } {
    if (fault && MENDED_BY_REBOOT[fault.kind]) {
      if (fault.rebootsLeft === 0) fault = null
      else fault.rebootsLeft -= 1
    }
    boot()
    return { readyInMs: bootMs }
  }

  function boot(): void {
    standby = false
    readyAt = clock.now() + bootMs
    screen = 'live'
    channel = spec.defaultChannel
  }

  function press(key: Key): void {
    if (key === 'POWER') {
      if (standby) boot()
      else standby = true
      return
    }
    // A device that is off, starting or frozen ignores its remote, and the remote does not know.
    if (power() !== 'on' || fault?.kind === 'freeze') return
    const tuned = tunedChannel(key, channel)
    if (tuned !== undefined && tuned !== channel) zappedUntil = clock.now() + zapMs
    channel = tuned ?? channel
    screen = key === 'HOME' ? 'home' : tuned !== undefined || key === 'BACK' ? 'live' : screen
  }

  function cleanup(): void {
    if (standby) boot()
    screen = 'home'
    channel = spec.defaultChannel
  }

  /** A newer picture than any before, also for two questions within one frame's time: only a frozen screen repeats itself. */
  function nextFrame(): number {
    lastFrame = Math.max(lastFrame + 1, Math.floor((clock.now() - bornAt) / FRAME_MS))
    return lastFrame
  }

  const picture = (frame: number): Scene => ({ kind: screen, channel, frame, blocky: fault?.kind === 'macroblocks' })

  function sceneAt(frame: number): Scene {
    const state = power()
    if (state === 'off') return { kind: 'black' }
    if (state === 'booting') return { kind: 'boot', progress: 1 - (readyAt - clock.now()) / bootMs }
    if (fault?.kind === 'blackscreen') return { kind: 'black' }
    if (clock.now() < zappedUntil) return { kind: 'zap', channel }
    return picture(frame)
  }

  function capture(): Capture | undefined {
    if (!online()) return undefined
    if (fault?.kind === 'freeze' && power() === 'on') return fault.still
    const frame = nextFrame()
    return { scene: sceneAt(frame), frame }
  }

  function inject({ kind, survivesReboots }: NewFault): void {
    const frame = nextFrame()
    const still = { scene: picture(frame), frame }
    fault = { kind, since: new Date(clock.now()).toISOString(), rebootsLeft: survivesReboots, still }
  }

  return {
    spec,
    status: () => ({
      power: power(),
      online: online(),
      channel,
      fault: fault && { kind: fault.kind, since: fault.since },
    }),
    capture,
    meters: () => ({
      audioDb: fault?.kind === 'audio_loss' ? -90 : -23,
      decodeErrors: fault?.kind === 'macroblocks' ? 140 : 0,
    }),
    settled: () => power() === 'on' && clock.now() >= zappedUntil,
    press,
    powerCycle,
    cleanup,
    inject,
    clearFault: () => {
      fault = null
    },
  }
}
