import type { Address } from '../../core/address.ts'
import type { StoredSnapshot } from '../../core/effect.ts'
import { AppError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import type { MachineEvent } from '../../core/message.ts'
import { type ActorRow, findActor } from '../../db/actors.ts'
import { findBeginning, type StoredBeginning } from '../../db/beginnings.ts'
import type { Sql } from '../../db/client.ts'
import { compacted, type HistoryEntry, lastMigration, listHistory } from '../../db/history.ts'
import type { HostedMachine } from '../../machines/host.ts'
import { firstStep, step } from '../../machines/step.ts'
import type { Checkpoints, Point } from './checkpoints.ts'
import { readBeginning } from './fork-event.ts'
import { readMigration } from './migration.ts'
import { readRestored } from './restored.ts'

export interface Replay {
  address: Address
  revision: number
  snapshot: StoredSnapshot
  /** What it was before its last step; null at its birth, and where its history begins. */
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
 * one before the revision, and leaves some behind; without, it proves the history from its beginning on. Throws
 * `history.compacted` for a revision that its history no longer has.
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
  const again = (): Promise<Replay> => replay(sql, hosted, address, upTo, checkpoints)
  const beginning = await findBeginning(sql, address)
  const first = beginning?.revision ?? 1
  // It moved on, and what it was when its row was read is gone.
  if (first > actor.revision) return again()
  if (last < first) throw compacted(address, last, { first, revision: actor.revision })
  const seen = checkpoints?.before(address, last)
  const start = latest([seen && seen.revision >= first ? seen : undefined, await startOf(sql, actor, last, beginning)])
  const folded = await fold(sql, { actor, machine, start, last, offer: (point) => checkpoints?.offer(address, point) })
  const entry = folded && (folded.entry ?? (await entryAt(sql, address, last)))
  if (!folded?.point || !entry) {
    // What was to be read has become part of the beginning meanwhile, or the actor is gone.
    const now = (await findBeginning(sql, address))?.revision ?? 1
    if (now > first || !(await findActor(sql, address))) return again()
    throw new AppError('internal', `The history of ${address} has a gap between its revisions ${first} and ${last}`)
  }
  const { point, before } = folded
  const { revision, snapshot, otherDefinitions } = point
  const whole = last === actor.revision ? { equal: same(snapshot, actor.snapshot) } : {}
  return { address, revision, snapshot, before, entry, otherDefinitions, ...whole }
}

/** Where the proof of a revision begins: undefined for the birth. */
export async function startOf(
  sql: Sql,
  actor: ActorRow,
  last: number,
  beginning: StoredBeginning | undefined,
): Promise<Point | undefined> {
  const kept = beginning && { revision: beginning.revision, snapshot: beginning.snapshot, otherDefinitions: 0 }
  return latest([kept, await migrated(sql, actor, last)])
}

function latest(points: readonly (Point | undefined)[]): Point | undefined {
  return points.reduce((one, other) => (other && other.revision > (one?.revision ?? 0) ? other : one), undefined)
}

/** The entry of the beginning itself is kept, though nothing needs it to step. */
async function entryAt(sql: Sql, address: Address, revision: number): Promise<HistoryEntry | undefined> {
  const [entry] = await listHistory(sql, address, { after: revision - 1, limit: 1 })
  return entry?.revision === revision ? entry : undefined
}

/** Steps from a point to a revision; undefined when entries are missing on the way. */
export async function fold(
  sql: Sql,
  way: {
    actor: ActorRow
    machine: HostedMachine
    /** Undefined: from the birth on. */
    start: Point | undefined
    last: number
    offer?: (point: Point) => void
  },
): Promise<{ point: Point | undefined; before: StoredSnapshot | null; entry?: HistoryEntry } | undefined> {
  const { actor, machine, last, offer } = way
  let point = way.start
  let before: StoredSnapshot | null = null
  let entry: HistoryEntry | undefined
  while ((point?.revision ?? 0) < last) {
    const after: number = point?.revision ?? 0
    const entries = await listHistory(sql, actor.address, { after, limit: Math.min(PAGE, last - after) })
    if (entries.length === 0) return undefined
    for (entry of entries) {
      if (entry.revision !== (point?.revision ?? 0) + 1) return undefined
      before = point?.snapshot ?? null
      point = next(machine, actor, point, entry)
      offer?.(point)
    }
  }
  return { point, before, ...(entry === undefined ? {} : { entry }) }
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
  const { revision } = entry
  const other = entry.machineHash === machine.hash ? 0 : 1
  return {
    revision,
    snapshot: stepAgain(machine, actor, revision, point?.snapshot, entry),
    otherDefinitions: (point?.otherDefinitions ?? 0) + other,
  }
}

function stepAgain(
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
  const given = readMigration(entry.event) ?? readRestored(entry.event)
  if (given) return given
  return step(machine, identity, snapshot, entry.event).snapshot
}

/** Byte for byte, as they are stored. */
export function same(left: StoredSnapshot, right: StoredSnapshot): boolean {
  // The order of keys counts: it is part of what a machine sees.
  return JSON.stringify(left) === JSON.stringify(right)
}
