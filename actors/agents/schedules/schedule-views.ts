import { LRUCache } from 'lru-cache'
import { inWords, slotsOf } from '../../../core/cron.ts'
import type { ListedSchedule } from '../../../db/schedules.ts'
import type { Recent, ScheduleSpec } from '../../../machines/schedule-protocol.ts'
import { nextSlot } from '../../../machines/schedule-slots.ts'
import type { ScheduleView } from './schedules-api.ts'

/** Slots that are shown, of those to come. */
export const SHOWN = 5
const REMEMBERED = 2_000

/**
 * Shows schedules as people know them. What is computed of a rule (its words, the slots after the next one) is kept in
 * mind: a list is read again with every slot of any of its schedules.
 */
export function createScheduleViews(): (listed: ListedSchedule) => ScheduleView {
  const known = new LRUCache<string, number[]>({ max: REMEMBERED })

  function upcoming(spec: ScheduleSpec, first: number): number[] {
    const name = JSON.stringify([spec.cron, spec.timezone, spec.endAt, first])
    const slots = known.get(name) ?? following(spec, first)
    known.set(name, slots)
    return slots
  }

  return (listed) => {
    const { spec: _spec, nextAt, recent, ...row } = listed
    const spec = specIn(listed)
    return {
      ...row,
      ...spec,
      startAt: spec.startAt === null ? null : dateOf(spec.startAt),
      endAt: spec.endAt === null ? null : dateOf(spec.endAt),
      words: inWords(spec.cron),
      next: nextAt === null ? [] : upcoming(spec, nextAt.getTime()).map(dateOf),
      // Written by the same machine as the rest.
      last: (recent as unknown as Recent[]).map(({ slot, outcome, at }) => ({
        slot: dateOf(slot),
        outcome,
        at: dateOf(at),
      })),
    }
  }
}

/** The schedule's own machine wrote it, in the commit of its turn. */
export function specIn({ spec }: Pick<ListedSchedule, 'spec'>): ScheduleSpec {
  return spec as unknown as ScheduleSpec
}

export function dateOf(at: number): Date {
  return new Date(at)
}

function following(spec: ScheduleSpec, first: number): number[] {
  const slots = slotsOf(spec)
  const next: number[] = []
  for (let slot: number | null = first; slot !== null && next.length < SHOWN; slot = nextSlot(spec, slot, slots))
    next.push(slot)
  return next
}
