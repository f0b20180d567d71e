import type { Address } from '../../core/address.ts'
import type { Effect, StoredSnapshot } from '../../core/effect.ts'
import { AppError } from '../../core/errors.ts'
import { toJson } from '../../core/json.ts'
import { findActor } from '../../db/actors.ts'
import { findBeginning, type StoredBeginning } from '../../db/beginnings.ts'
import type { Sql } from '../../db/client.ts'
import { compacted, type HistoryEntry, listHistory } from '../../db/history.ts'
import { type PendingWork, readBeginning } from './fork-event.ts'

export type TimerEffect = Extract<Effect, { type: 'timer' }>

/** What a history up to a revision left running. */
export interface Pending {
  /** Those that were neither cancelled nor due. */
  timers: TimerEffect[]
  /** By the `born` of the child that waits for it; may name work that is long done. */
  work: ReadonlyMap<string, PendingWork>
}

const PAGE = 1_000

/** Throws `history.compacted` for a revision that the history no longer has, and `actor.not_found` when it is gone. */
export async function readPending(sql: Sql, address: Address, revision: number): Promise<Pending> {
  const beginning = await findBeginning(sql, address)
  const first = beginning?.revision ?? 1
  if (first > revision) throw compacted(address, revision, { first })
  const timers = new Map<string, TimerEffect>()
  const work = new Map<string, PendingWork>()
  // Written by `writePending` alone, so its members need no second look.
  const { timers: armed = [], work: asked = [] } = (beginning ?? {}) as unknown as {
    timers?: TimerEffect[]
    work?: PendingWork[]
  }
  for (const timer of armed) timers.set(timer.id, timer)
  for (const one of asked) work.set(one.born, one)
  for (let last = beginning?.revision ?? 0; last < revision; ) {
    const entries = await listHistory(sql, address, { after: last, limit: Math.min(PAGE, revision - last) })
    if (entries.length === 0 || entries.some((entry, place) => entry.revision !== last + 1 + place)) {
      // What was to be read has become part of the beginning meanwhile, or the actor is gone.
      if (((await findBeginning(sql, address))?.revision ?? 1) > first) return readPending(sql, address, revision)
      if (!(await findActor(sql, address))) throw new AppError('actor.not_found', `There is no actor ${address}`)
      throw new AppError(
        'internal',
        `The history of ${address} has a gap between its revisions ${last} and ${revision}`,
      )
    }
    for (const entry of entries) note(entry, timers, work)
    last = entries.at(-1)?.revision ?? revision
  }
  return { timers: [...timers.values()], work }
}

/** As it is kept with the beginning of a history: of the work, only what the snapshot waits for. */
export function writePending(
  { timers, work }: Pending,
  { children }: StoredSnapshot,
): Pick<StoredBeginning, 'timers' | 'work'> {
  const wanted = Object.values(children).flatMap(({ born }) => work.get(born) ?? [])
  return { timers: toJson(timers), work: toJson(wanted) }
}

function note(entry: HistoryEntry, timers: Map<string, TimerEffect>, work: Map<string, PendingWork>): void {
  // `timer:<id>:<armed>`: a timer that was due is gone before its step arms others.
  const fired = /^timer:(.*):[^:]*$/s.exec(entry.messageId)?.[1]
  if (fired !== undefined) timers.delete(fired)
  for (const one of readBeginning(entry.event)?.pending ?? []) work.set(one.born, one)
  for (const [index, effect] of entry.effects.entries()) {
    if (effect.type === 'timer') timers.set(effect.id, effect)
    else if (effect.type === 'cancel') timers.delete(effect.id)
    else if (effect.type === 'invoke' && !readBeginning(entry.event)) {
      const { id, src, input } = effect
      const born = `${entry.revision}.${index}`
      work.set(born, { born, id, src, input, held: false })
    }
  }
}
