import type { Address } from '../../core/address.ts'
import { alertRows } from '../../db/alerts.ts'
import { deviceRows } from '../../db/devices.ts'
import { type InstanceRow, instanceRows } from '../../db/instances.ts'
import { lockRows } from '../../db/locks.ts'
import { runRows } from '../../db/runs.ts'
import { scheduleRows } from '../../db/schedules.ts'
import type { ActorChange, Projection } from '../../db/turn-commit.ts'
import type { AgentContext } from '../../machines/agent-protocol.ts'
import { activePaths } from '../../machines/describe.ts'
import type { RunContext } from '../../machines/run-protocol.ts'
import { alertRow, deviceRow, lockRowsOf } from './lab-rows.ts'
import { scheduleRow } from './schedules/schedule-rows.ts'

/** The tables that people query, kept in step with the actors by the very commits that move these. */
export const PROJECTIONS: readonly Projection[] = [
  (sql, changes) =>
    some(
      of('device', changes).flatMap((change) => deviceRow(change) ?? []),
      (rows) => deviceRows(sql, rows),
    ),
  (sql, changes) => some(of('lock', changes).map(lockRowsOf), (rows) => lockRows(sql, rows)),
  (sql, changes) => some(of('alert', changes).map(alertRow), (rows) => alertRows(sql, rows)),
  (sql, changes) => some(of('schedule', changes).map(scheduleRow), (rows) => scheduleRows(sql, rows)),
  (sql, changes) => some(of('agent', changes).map(instanceRow), (rows) => instanceRows(sql, rows)),
  (sql, changes) => some(of('run', changes).map(runRow), (rows) => runRows(sql, rows)),
]

function of(kind: string, changes: ReadonlyMap<Address, ActorChange>): ActorChange[] {
  // A parked actor's rows stay as they were.
  return [...changes.values()].filter((change) => change.kind === kind && change.status !== 'parked')
}

function some<Row, Part>(rows: Row[], write: (rows: Row[]) => Part[]): Part[] {
  return rows.length === 0 ? [] : write(rows)
}

function instanceRow(change: ActorChange): InstanceRow {
  const { agent, settings, backlog, active, succeeded, failures, aborted } = contextOf<AgentContext>(change)
  const state = innermost(change)
  return {
    ...namesOf(change),
    agent,
    version: settings.version,
    state,
    live: change.status === 'active' && state !== 'stopped' && state !== 'stopping',
    waiting: backlog.length,
    running: active.length,
    succeeded,
    failed: failures,
    aborted,
  }
}

function runRow(change: ActorChange): Parameters<typeof runRows>[1][number] {
  const { agent, version, instance, task, result } = contextOf<RunContext>(change)
  const ended = change.status !== 'active'
  return {
    ...namesOf(change),
    agent,
    version,
    instance,
    event: { id: task.eventId, type: task.eventType },
    device: task.device,
    priority: task.priority,
    state: innermost(change),
    // A run that its agent stopped outright, or whose machine failed, was aborted.
    outcome: change.status === 'done' ? result.outcome : ended ? 'aborted' : null,
    reason: ended ? result.reason : null,
  }
}

function namesOf({ address, team, key }: ActorChange) {
  return { address, team, id: key }
}

function innermost(change: ActorChange): string {
  return activePaths(change.snapshot.value).at(-1) ?? change.status
}

/** The machine of this kind wrote the context in this very turn, so its type needs no second look. */
function contextOf<Context>(change: ActorChange): Context {
  return change.snapshot.context as unknown as Context
}
