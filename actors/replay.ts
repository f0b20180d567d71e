import type { Address } from '../core/address.ts'
import type { StoredSnapshot } from '../core/effect.ts'
import { AppError } from '../core/errors.ts'
import type { Json } from '../core/json.ts'
import { type ActorRow, findActor } from '../db/actors.ts'
import type { Sql } from '../db/client.ts'
import { listHistory } from '../db/history.ts'
import type { HostedMachine } from '../machines/host.ts'
import { firstStep, step } from '../machines/step.ts'

export interface Replay {
  address: Address
  revision: number
  snapshot: StoredSnapshot
  /** Whether it is, byte for byte, what is stored; absent when replayed to an earlier revision. */
  equal?: boolean
  /** Revisions made by another definition of the machine: replaying them with the present one may differ. */
  otherDefinitions: number
}

const PAGE = 1_000

/** Folds an actor's history through its machine, up to a revision or to the end. */
export async function replay(
  sql: Sql,
  hosted: ReadonlyMap<string, HostedMachine>,
  address: Address,
  upTo = Infinity,
): Promise<Replay> {
  const actor = await findActor(sql, address)
  if (!actor) throw new AppError('actor.not_found', `There is no actor ${address}`)
  const machine = hosted.get(actor.kind)
  if (!machine) throw new AppError('machine.not_found', `No machine of kind "${actor.kind}" is registered`)
  // The history may have grown since the row was read; only what made that row counts.
  const last = Math.min(upTo, actor.revision)
  let snapshot: StoredSnapshot | undefined
  let revision = 0
  let otherDefinitions = 0
  while (revision < last) {
    const entries = await listHistory(sql, address, { after: revision, limit: Math.min(PAGE, last - revision) })
    for (const entry of entries) {
      if (entry.revision !== revision + 1)
        throw new AppError('internal', `The history of ${address} has a gap after revision ${revision}`)
      revision = entry.revision
      if (entry.machineHash !== machine.hash) otherDefinitions += 1
      snapshot = again(machine, actor, revision, snapshot, entry)
    }
    if (entries.length === 0)
      throw new AppError('internal', `The history of ${address} ends at revision ${revision} of ${last}`)
  }
  if (!snapshot) throw new AppError('request.invalid', 'Revisions begin at 1')
  const whole = last === actor.revision
  return { address, revision, snapshot, otherDefinitions, ...(whole ? { equal: same(snapshot, actor.snapshot) } : {}) }
}

function again(
  machine: HostedMachine,
  actor: ActorRow,
  revision: number,
  snapshot: StoredSnapshot | undefined,
  entry: { event: { type: string; input?: Json }; handled: boolean },
): StoredSnapshot {
  const identity = { address: actor.address, parent: actor.parent, childId: actor.childId, revision }
  if (!snapshot) return firstStep(machine, identity, entry.event.input ?? null).snapshot
  // A message that failed then, changed nothing then.
  if (!entry.handled) return snapshot
  return step(machine, identity, snapshot, entry.event).snapshot
}

function same(left: StoredSnapshot, right: StoredSnapshot): boolean {
  // The order of keys counts: it is part of what a machine sees.
  return JSON.stringify(left) === JSON.stringify(right)
}
