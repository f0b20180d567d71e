import type { StoredSnapshot } from '../../core/effect.ts'
import { toErrorRecord } from '../../core/errors.ts'
import { toJson } from '../../core/json.ts'
import type { MachineEvent } from '../../core/message.ts'
import type { ActorRow } from '../../db/actors.ts'
import { damageOf, misfitOf } from '../../machines/fit.ts'
import type { HostedMachine } from '../../machines/host.ts'

/** The entry of a history that says: from here on another version of the machine, with this snapshot. Only the runtime writes it. */
const MIGRATE = 'xstate.migrate'

/** How an actor that another definition of its machine has left goes on in the present one. */
export type Adoption =
  /** As it is. */
  | { how: 'fits' }
  /** With another snapshot, which its history will tell. */
  | { how: 'migrated'; snapshot: StoredSnapshot; event: MachineEvent }
  /** Not at all: it is parked with the reason. */
  | { how: 'misfit'; reason: string }

/**
 * Decides it. Pure: the same actor and machine always come to the same. A migration is asked once for each version that an
 * actor comes from; what it gives must fit the machine, or the actor is parked as if there were none.
 */
export function adopt(hosted: HostedMachine, actor: Pick<ActorRow, 'snapshot' | 'version' | 'machineHash'>): Adoption {
  if (actor.machineHash === hosted.hash) {
    const reason = damageOf(hosted, actor.snapshot)
    return reason === undefined ? { how: 'fits' } : { how: 'misfit', reason }
  }
  if (!hosted.migrate || actor.version === hosted.version) return judge(hosted, actor.snapshot, { how: 'fits' })
  try {
    const from = { version: actor.version, hash: actor.machineHash }
    // A copy: whatever the migration does to it, the stored one stays as it is.
    const snapshot = hosted.migrate(structuredClone(actor.snapshot), from)
    const event = { type: MIGRATE, from: actor.version, to: hosted.version, snapshot: toJson(snapshot) }
    return judge(hosted, snapshot, { how: 'migrated', snapshot, event })
  } catch (error) {
    const why = toErrorRecord(error).message
    return { how: 'misfit', reason: `The migration from version ${actor.version} to ${hosted.version} failed: ${why}` }
  }
}

/** The snapshot that an actor went on with; undefined for any other entry. */
export function readMigration(event: MachineEvent): StoredSnapshot | undefined {
  // Reserved types come from the runtime alone, so their members need no second look.
  return event.type === MIGRATE ? (event['snapshot'] as unknown as StoredSnapshot) : undefined
}

/** What the entry is called in its history. */
export function migrationId(revision: number): string {
  return `${MIGRATE}:${revision}`
}

function judge(hosted: HostedMachine, snapshot: StoredSnapshot, otherwise: Adoption): Adoption {
  const reason = misfitOf(hosted, snapshot)
  return reason === undefined ? otherwise : { how: 'misfit', reason }
}
