import type { ScheduleRow } from '../../../db/schedules.ts'
import type { ActorChange } from '../../../db/turn-commit.ts'
import { activePaths } from '../../../machines/describe.ts'
import type { ScheduleState } from '../../../machines/schedule-protocol.ts'

/** What a schedule says of itself in a turn, as the row that people query. */
export function scheduleRow({ address, team, status, snapshot }: ActorChange): ScheduleRow {
  // The machine of this kind wrote the context in this very turn, so its type needs no second look.
  const context = snapshot.context as unknown as ScheduleState
  const { id, version, spec, next, fired, missed, recent, createdAt, changedAt } = context
  const state = activePaths(snapshot.value).at(-1) ?? status
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
