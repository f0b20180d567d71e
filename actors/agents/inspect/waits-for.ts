import type { Sql } from '../../../db/client.ts'
import { findHealth } from '../../../db/devices.ts'
import type { ActorSnapshot } from '../../runtime.ts'
import { awaitedDevice, waitingLine } from '../instances/waiting-line.ts'

/** What an actor waits for, in one line; of a run that queues for a device also that nobody is given that one. */
export async function waitsFor(
  sql: Sql,
  { kind, team }: { kind: string; team: string },
  snapshot: ActorSnapshot,
): Promise<string> {
  const device = awaitedDevice(kind, snapshot)
  const health = device === null ? undefined : await findHealth(sql, team, device)
  return waitingLine(kind, snapshot, health)
}
