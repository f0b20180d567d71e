import type { ScheduleRow } from '../../../db/schedules.ts'
import type { ActorChange } from '../../../db/turn-commit.ts'
import type { ScheduleState } from '../../../machines/schedule-protocol.ts'
import { contextOf, stateOf } from '../actor-change.ts'

/** What a schedule says of itself in a turn, as the row that people query. */
export function scheduleRow(change: ActorChange): ScheduleRow {
  const { address, team } = change
  const { id, version, spec, next, fired, missed, recent, createdAt, changedAt } = contextOf<ScheduleState>(change)
  const state = stateOf(change)
  return {
    address,
    team,
    id,
    state,
    version,
    spec: spec && { ...spec },
    nextAt: state === 'active' && next !== null ? new Date(next).toISOString() : null,
    fired,
    missed,
    recent: recent.map((one) => ({ ...one })),
    createdAt: new Date(createdAt).toISOString(),
    changedAt: new Date(changedAt).toISOString(),
  }
}
