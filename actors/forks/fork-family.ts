import type { Address } from '../../core/address.ts'
import type { StoredSnapshot } from '../../core/effect.ts'
import { AppError } from '../../core/errors.ts'
import { type ActorRow, findActor } from '../../db/actors.ts'
import type { Sql } from '../../db/client.ts'
import { revisionBeside } from '../../db/forks.ts'
import { type Pending, readPending } from '../past/pending.ts'

/** One actor as it was at a revision, with what was under way for it there. */
export interface Member extends Pending {
  actor: ActorRow
  revision: number
  snapshot: StoredSnapshot
}

/** More than that is not looked at by one person. */
const LARGEST_FAMILY = 200

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
  found.push({ actor, revision, snapshot, ...(await readPending(sql, address, revision)) })
  for (const child of alone ? [] : Object.values(snapshot.children)) {
    if (child.address === undefined) continue
    const beside = await revisionBeside(sql, { address, revision }, child.address)
    await readFamily(sql, stateAt, { address: child.address, revision: beside, alone }, found)
  }
  return found
}
