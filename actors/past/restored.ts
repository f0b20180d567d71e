import type { StoredSnapshot } from '../../core/effect.ts'
import type { MachineEvent } from '../../core/message.ts'

/** Only a restore writes it (db/backup.ts): the actor goes on with this snapshot, since the world went on without it. */
const RESTORED = 'xstate.restored'

/** The snapshot that an actor went on with; undefined for any other entry. */
export function readRestored(event: MachineEvent): StoredSnapshot | undefined {
  // Reserved types come from us alone, so their members need no second look.
  return event.type === RESTORED ? (event['snapshot'] as unknown as StoredSnapshot) : undefined
}
