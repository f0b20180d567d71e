import { slotsOf } from '../../../core/cron.ts'
import { AppError } from '../../../core/errors.ts'
import type { ScheduleSpec } from '../../../machines/schedule-protocol.ts'
import { COUNTED, nextSlot } from '../../../machines/schedule-slots.ts'

/** Slots that are looked at for the shortest time between two. */
const SAMPLE = 50

/** Throws `request.invalid` where an outage could be followed by more events than anybody wants. */
export function refuseEndless(spec: ScheduleSpec): void {
  if (spec.catchUp !== 'all') return
  const shortest = shortestGap(spec)
  if (spec.maxDelayMs / shortest <= COUNTED) return
  const most = Math.floor(COUNTED * shortest)
  throw problem('maxDelayMs', `that is more than ${COUNTED} slots to make up for: expected at most ${most}`)
}

/**
 * Throws `request.invalid` where a slot could be put off so far that the next one is due: it would count as missed although
 * somebody was there. Half of the way leaves time to send it.
 */
export function refuseOvertaken(spec: ScheduleSpec): void {
  if (spec.jitterMs === 0) return
  const most = Math.floor(shortestGap(spec) / 2)
  if (spec.jitterMs > most)
    throw problem('jitterMs', `expected at most ${most}, half of the shortest time between two slots`)
}

/** Throws `request.invalid` for one that would never send anything. */
export function refuseEnded(spec: ScheduleSpec, now: number): void {
  if (nextSlot(spec, now) !== null) return
  if (spec.endAt === null) throw problem('startAt', 'no slot comes after it: expected an earlier time, or none')
  throw problem('endAt', 'no slot comes before it: expected a later time, or none')
}

function shortestGap(spec: ScheduleSpec): number {
  const slots = slotsOf(spec).following(spec.startAt ?? 0, SAMPLE)
  return Math.min(...slots.slice(1).map((slot, index) => slot - (slots[index] ?? slot)))
}

/** One field of the body, and what is wrong with it. */
export function problem(field: string, message: string): AppError {
  const path = `body.${field}`
  return new AppError('request.invalid', `${path}: ${message}`, { details: { problems: [{ path, message }] } })
}
