import type { Logger } from 'pino'
import type { Clock } from './clock.ts'
import type { LabDevice } from './device.ts'
import { type Edge, type Episode, follow, type Rules } from './episodes.ts'
import { blackRatio, changedRatio, type Picture, render } from './picture.ts'

/** What can be wrong with a device, as anyone sees it from outside, and how much it matters. */
export const SEVERITIES = {
  device_offline: 'critical',
  blackscreen: 'critical',
  freeze: 'high',
  audio_loss: 'warning',
  macroblocks: 'warning',
} as const
export type Condition = keyof typeof SEVERITIES
const CONDITIONS: readonly Condition[] = ['device_offline', 'blackscreen', 'freeze', 'audio_loss', 'macroblocks']

const BLACK_RATIO = 0.95
const CHANGED_RATIO = 0.008
const SILENT_DB = -60
const DECODE_ERRORS = 20
const SIZE = { width: 96, height: 54 }

/** The measurements behind a verdict; they travel with the alert as its evidence. */
export interface Facts {
  frame: number
  blackRatio?: number
  changedRatio?: number
}

export interface Sighting {
  device: LabDevice
  condition: Condition
  edge: Edge
  startedAt: number
  /** When the edge was seen. */
  at: number
  facts: Facts
}

interface Watched {
  device: LabDevice
  before: Picture | undefined
  frame: number
  episodes: Map<Condition, Episode>
}

interface Look {
  facts: Facts
  /** A condition that is not named could not be judged this time. */
  verdicts: Partial<Record<Condition, boolean>>
}

export interface Detector {
  /** Looks at every device once and answers what began or ended since the last look. */
  look(): Sighting[]
}

/** Judges pixels and the decoder's meters, never the simulator's knowledge of its faults: it sees what a real lab would. */
export function createDetector(deps: {
  devices: readonly LabDevice[]
  rules: Rules
  clock: Clock
  log: Logger
}): Detector {
  const { devices, rules, clock, log } = deps
  const watched: Watched[] = devices.map((device) => ({ device, before: undefined, frame: 0, episodes: new Map() }))

  function judge(one: Watched): Sighting[] {
    const at = clock.now()
    const { facts, verdicts } = lookAt(one)
    return CONDITIONS.flatMap((condition) => {
      const before = one.episodes.get(condition)
      const { episode, edge } = follow(before, verdicts[condition], at, rules)
      if (episode) one.episodes.set(condition, episode)
      else one.episodes.delete(condition)
      const lastedMs = before ? at - before.startedAt : 0
      if (before && !before.reported && !episode && lastedMs >= rules.ignoreMs)
        log.info({ device: one.device.spec.id, condition, lastedMs }, 'condition ended before it was reported')
      const startedAt = before?.startedAt ?? at
      return edge ? [{ device: one.device, condition, edge, startedAt, at, facts }] : []
    })
  }

  return { look: () => watched.flatMap(judge) }
}

function lookAt(one: Watched): Look {
  const { device } = one
  const capture = device.capture()
  if (!capture) {
    one.before = undefined
    return { facts: { frame: one.frame }, verdicts: { device_offline: true } }
  }
  one.frame = capture.frame
  // A reboot and a channel change are somebody's doing, not incidents: no verdict, and no picture to compare the next one with.
  if (!device.settled()) {
    one.before = undefined
    return { facts: { frame: capture.frame }, verdicts: { device_offline: false } }
  }
  const picture = render(capture.scene, SIZE.width, SIZE.height)
  const changed = one.before && changedRatio(one.before, picture)
  one.before = picture
  return verdictOn(capture.frame, blackRatio(picture), changed, device)
}

function verdictOn(frame: number, black: number, changed: number | undefined, device: LabDevice): Look {
  const { audioDb, decodeErrors } = device.meters()
  const isBlack = black > BLACK_RATIO
  return {
    facts: { frame, blackRatio: black, ...(changed === undefined ? {} : { changedRatio: changed }) },
    verdicts: {
      device_offline: false,
      blackscreen: isBlack,
      // A black picture does not move either; the stronger condition explains the weaker one.
      ...(isBlack || changed === undefined ? {} : { freeze: changed < CHANGED_RATIO }),
      audio_loss: audioDb < SILENT_DB,
      macroblocks: decodeErrors > DECODE_ERRORS,
    },
  }
}
