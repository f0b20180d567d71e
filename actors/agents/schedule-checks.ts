import { slotsOf } from '../../core/cron.ts'
import { AppError } from '../../core/errors.ts'
import type { ScheduleSpec } from '../../machines/schedule-protocol.ts'
import { COUNTED, nextSlot } from '../../machines/schedule-slots.ts'

/** Slots that are looked at for the shortest time between two. */
const SAMPLE = 50

/** Throws `request.invalid` where an outage could be followed by more events than anybody wants. */
export function refuseEndless(spec: ScheduleSpec): void {
  if (spec.catchUp !== 'all') return
  const slots = slotsOf(spec).following(spec.startAt ?? 0, SAMPLE)
  const shortest = Math.min(...slots.slice(1).map((slot, index) => slot - (slots[index] ?? slot)))
  if (spec.maxDelayMs / shortest <= COUNTED) return
  const most = Math.floor(COUNTED * shortest)
  throw problem('maxDelayMs', `that is more than ${COUNTED} slots to make up for: expected at most ${most}`)
}

/** Throws `request.invalid` for one that would never send anything. */
export function refuseEnded(spec: ScheduleSpec, now: number): void {
  if (nextSlot(spec, now) !== null) return
  if (spec.endAt === null) throw problem('startAt', 'no slot comes after it: expected an earlier time, or none')
  throw problem('endAt', 'no slot comes before it: expected a later time, or none')
}

/** One field of the body, and what is wrong with it. */
export function problem(field: string, message: string): AppError {
  const path = `body.${field}`
  return new AppError('request.invalid', `${path}: ${message}`, { details: { problems: [{ path, message }] } })
}
