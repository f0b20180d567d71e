import type { Address } from '../core/address.ts'
import type { Effect, StoredSnapshot } from '../core/effect.ts'
import { AppError } from '../core/errors.ts'
import { type ActorRow, findActor } from '../db/actors.ts'
import type { Sql } from '../db/client.ts'
import { revisionBeside } from '../db/forks.ts'
import { type HistoryEntry, listHistory } from '../db/history.ts'
import { type PendingWork, readBeginning } from './fork-event.ts'

export type TimerEffect = Extract<Effect, { type: 'timer' }>

/** One actor as it was at a revision, with what was under way for it there. */
export interface Member {
  actor: ActorRow
  revision: number
  snapshot: StoredSnapshot
  timers: TimerEffect[]
  /** By the `born` of the child that waits for it. */
  work: ReadonlyMap<string, PendingWork>
}

/** More than that is not looked at by one person. */
const LARGEST_FAMILY = 200
const PAGE = 1_000

/** An actor at a revision, and behind it the actors that it had started and that still lived, each where it stood then. */
export async function readFamily(
  sql: Sql,
  stateAt: (address: Address, revision: number) => Promise<StoredSnapshot>,
  { address, revision, alone }: { address: Address; revision: number; alone: boolean },
  found: Member[] = [],
): Promise<Member[]> {
  const actor = await findActor(sql, address)
  if (!actor) throw new AppError('actor.not_found', `There is no actor ${address}`, { details: { address } })
  if (found.length >= LARGEST_FAMILY)
    throw new AppError('actor.fork_refused', `${address} has more than ${LARGEST_FAMILY} actors below it`)
  const snapshot = await stateAt(address, revision)
  found.push({ actor, revision, snapshot, ...(await pendingAt(sql, address, revision)) })
  for (const child of alone ? [] : Object.values(snapshot.children)) {
    if (child.address === undefined) continue
    const beside = await revisionBeside(sql, { address, revision }, child.address)
    await readFamily(sql, stateAt, { address: child.address, revision: beside, alone }, found)
  }
  return found
}

/** What the history up to a revision left running: timers that were neither cancelled nor due, and work by its `born`. */
async function pendingAt(sql: Sql, address: Address, revision: number): Promise<Pick<Member, 'timers' | 'work'>> {
  const timers = new Map<string, TimerEffect>()
  const work = new Map<string, PendingWork>()
  for (let last = 0; last < revision; ) {
    const entries = await listHistory(sql, address, { after: last, limit: Math.min(PAGE, revision - last) })
    for (const entry of entries) note(entry, timers, work)
    if (entries.length === 0) break
    last = entries.at(-1)?.revision ?? revision
  }
  return { timers: [...timers.values()], work }
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
