import type { Address } from '../../core/address.ts'
import type { StoredSnapshot } from '../../core/effect.ts'
import { AppError } from '../../core/errors.ts'
import { type ActorRow, findActor } from '../../db/actors.ts'
import { dropEntries, findBeginning, saveBeginning } from '../../db/beginnings.ts'
import type { Sql } from '../../db/client.ts'
import { firstRevision } from '../../db/history.ts'
import { isSettled } from '../../db/mailbox.ts'
import type { HostedMachine } from '../../machines/host.ts'
import { readPending, writePending } from './pending.ts'
import { fold, same, startOf } from './replay.ts'

/** What became of a history. */
export type Compaction =
  /** It begins at `first` now; `dropped` entries are gone. */
  | { done: true; first: number; dropped: number }
  /** As it was: `unproven` when its replay does not give what is stored, so that it is evidence. */
  | { done: false; why: 'absent' | 'busy' | 'small' | 'unknown machine' | 'unproven' }

const PER_DELETE = 1_000
/** Proving a history costs a replay of all of it, so that a little is not worth the while. */
const WORTH = 0.1

/**
 * Puts a snapshot in the place of the entries before a revision. The snapshot is what their replay gives; before anything
 * is removed, the rest of the history is replayed from it, and the end is compared with what is stored, byte for byte.
 * Safe to repeat and to cut short at any place; `pause` is waited for between deletes.
 */
export async function compact(
  deps: { sql: Sql; hosted: ReadonlyMap<string, HostedMachine> },
  address: Address,
  first: number,
  pause: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Compaction> {
  const { sql, hosted } = deps
  const actor = await findActor(sql, address)
  if (!actor || first > actor.revision) return { done: false, why: 'absent' }
  const begins = (await findBeginning(sql, address))?.revision ?? 1
  if (begins < first) {
    const machine = hosted.get(actor.kind)
    if (!machine) return { done: false, why: 'unknown machine' }
    if (first - begins < (actor.revision - first) * WORTH) return { done: false, why: 'small' }
    // Mail is known by its id from the history, also where it has waited for long.
    if (actor.status === 'parked' || !(await isSettled(sql, address))) return { done: false, why: 'busy' }
    const snapshot = await prove(sql, machine, actor, first)
    if (!snapshot) return { done: false, why: 'unproven' }
    const pending = writePending(await readPending(sql, address, first), snapshot)
    await saveBeginning(sql, address, { revision: first, snapshot, ...pending })
  }
  return {
    done: true,
    first: Math.max(begins, first),
    dropped: await dropOld(sql, address, Math.max(begins, first), pause),
  }
}

/** The state at a revision, if the way to it and on from it, as it will be read again, ends at what is stored. */
async function prove(
  sql: Sql,
  machine: HostedMachine,
  actor: ActorRow,
  first: number,
): Promise<StoredSnapshot | undefined> {
  const beginning = await findBeginning(sql, actor.address)
  try {
    const start = await startOf(sql, actor, first, beginning)
    const there = await fold(sql, { actor, machine, start, last: first })
    if (!there?.point) return undefined
    const read = JSON.parse(JSON.stringify(there.point.snapshot)) as StoredSnapshot
    const end = await fold(sql, { actor, machine, start: { ...there.point, snapshot: read }, last: actor.revision })
    return end?.point && same(end.point.snapshot, actor.snapshot) ? read : undefined
  } catch (error) {
    // The present machine cannot take a step that an earlier one took.
    if (error instanceof AppError && error.retryable) throw error
    return undefined
  }
}

async function dropOld(sql: Sql, address: Address, first: number, pause: () => Promise<unknown>): Promise<number> {
  let dropped = 0
  while (((await firstRevision(sql, address)) ?? first) < first) {
    const gone = await dropEntries(sql, address, PER_DELETE)
    // Somebody else is at it.
    if (gone === 0) break
    dropped += gone
    await pause()
  }
  return dropped
}
