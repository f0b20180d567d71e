import type { Address } from '../core/address.ts'
import type { StoredSnapshot } from '../core/effect.ts'
import { AppError } from '../core/errors.ts'
import type { Json } from '../core/json.ts'
import type { MachineEvent } from '../core/message.ts'
import { type ActorRow, findActor } from '../db/actors.ts'
import type { Sql } from '../db/client.ts'
import { type HistoryEntry, lastMigration, listHistory } from '../db/history.ts'
import type { HostedMachine } from '../machines/host.ts'
import { firstStep, step } from '../machines/step.ts'
import type { Checkpoints, Point } from './checkpoints.ts'
import { readBeginning } from './fork-event.ts'
import { readMigration } from './migration.ts'

export interface Replay {
  address: Address
  revision: number
  snapshot: StoredSnapshot
  /** What it was before its last step; null at its birth. */
  before: StoredSnapshot | null
  /** The entry that made this revision. */
  entry: HistoryEntry
  /** Whether it is, byte for byte, what is stored; absent when replayed to an earlier revision. */
  equal?: boolean
  /** Revisions made by another definition of the machine: replaying them with the present one may differ. */
  otherDefinitions: number
}

const PAGE = 1_000

/**
 * Folds an actor's history through its machine, up to a revision or to the end. With `checkpoints` it begins at the last
 * one before the revision, and leaves some behind; without, it proves the history from its birth on.
 */
export async function replay(
  sql: Sql,
  hosted: ReadonlyMap<string, HostedMachine>,
  address: Address,
  upTo = Infinity,
  checkpoints?: Checkpoints,
): Promise<Replay> {
  const actor = await findActor(sql, address)
  if (!actor) throw new AppError('actor.not_found', `There is no actor ${address}`)
  const machine = hosted.get(actor.kind)
  if (!machine) throw new AppError('machine.not_found', `No machine of kind "${actor.kind}" is registered`)
  // The history may have grown since the row was read; only what made that row counts.
  const last = Math.min(upTo, actor.revision)
  if (last < 1) throw new AppError('request.invalid', 'Revisions begin at 1')
  let point: Point | undefined = checkpoints?.before(address, last) ?? (await migrated(sql, actor, last))
  let before: StoredSnapshot | null = null
  let entry: HistoryEntry | undefined
  while ((point?.revision ?? 0) < last) {
    const after: number = point?.revision ?? 0
    const entries = await listHistory(sql, address, { after, limit: Math.min(PAGE, last - after) })
    if (entries.length === 0)
      throw new AppError('internal', `The history of ${address} ends at revision ${after} of ${last}`)
    for (entry of entries) {
      before = point?.snapshot ?? null
      point = next(machine, actor, point, entry)
      checkpoints?.offer(address, point)
    }
  }
  if (!point || !entry) throw new AppError('internal', `The history of ${address} is empty`)
  const { revision, snapshot, otherDefinitions } = point
  const whole = last === actor.revision ? { equal: same(snapshot, actor.snapshot) } : {}
  return { address, revision, snapshot, before, entry, otherDefinitions, ...whole }
}

/**
 * The present machine cannot step what was before a migration: the history is proven from there on, and everything before
 * counts as made by another definition.
 */
async function migrated(sql: Sql, { address, snapshot }: ActorRow, last: number): Promise<Point | undefined> {
  const revision = (await lastMigration(sql, address, last)) ?? 0
  return revision > 1 ? { revision: revision - 1, snapshot, otherDefinitions: revision - 1 } : undefined
}

function next(machine: HostedMachine, actor: ActorRow, point: Point | undefined, entry: HistoryEntry): Point {
  const revision = (point?.revision ?? 0) + 1
  if (entry.revision !== revision)
    throw new AppError('internal', `The history of ${actor.address} has a gap after revision ${revision - 1}`)
  const other = entry.machineHash === machine.hash ? 0 : 1
  return {
    revision,
    snapshot: again(machine, actor, revision, point?.snapshot, entry),
    otherDefinitions: (point?.otherDefinitions ?? 0) + other,
  }
}

function again(
  machine: HostedMachine,
  actor: ActorRow,
  revision: number,
  snapshot: StoredSnapshot | undefined,
  entry: { event: MachineEvent & { input?: Json }; handled: boolean },
): StoredSnapshot {
  const identity = { address: actor.address, parent: actor.parent, childId: actor.childId, revision }
  // A fork begins with what another actor was.
  if (!snapshot)
    return readBeginning(entry.event)?.snapshot ?? firstStep(machine, identity, entry.event.input ?? null).snapshot
  // A message that failed then, changed nothing then.
  if (!entry.handled) return snapshot
  const migrated = readMigration(entry.event)
  if (migrated) return migrated
  return step(machine, identity, snapshot, entry.event).snapshot
}

function same(left: StoredSnapshot, right: StoredSnapshot): boolean {
  // The order of keys counts: it is part of what a machine sees.
  return JSON.stringify(left) === JSON.stringify(right)
}
