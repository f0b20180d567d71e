import { type Address, address as toAddress } from '../../core/address.ts'
import { AppError } from '../../core/errors.ts'
import { type Json, toJson } from '../../core/json.ts'
import { findPresent } from '../../db/actors.ts'
import type { Sql } from '../../db/client.ts'
import type { HostedMachine } from '../../machines/host.ts'
import { emptyDraft } from './draft.ts'
import { planBirth } from './plan.ts'
import type { Turn } from './turn.ts'
import type { PlanContext } from './walker.ts'

export interface SpawnOptions {
  key: string
  input?: Json
  team?: string
  sender?: string
  cause?: string
}

/** Makes actors of one kind, or finds them, in one commit; the same key twice is one actor. */
export function createSpawnAll({ sql, context, turn }: { sql: Sql; context: PlanContext; turn: Turn }) {
  return async (kind: string, births: readonly SpawnOptions[]): Promise<Address[]> => {
    const hosted = context.hosted.get(kind)
    if (!hosted)
      throw new AppError('machine.not_found', `No machine of kind "${kind}" is registered`, { details: { kind } })
    const wanted = new Map(births.map((birth) => [toAddress(kind, birth.key), birth]))
    const { present, now } = await findPresent(sql, [...wanted.keys()])
    for (const address of present) wanted.delete(address)
    if (wanted.size > 0) await bear(hosted, wanted, now)
    return births.map((birth) => toAddress(kind, birth.key))
  }

  async function bear(hosted: HostedMachine, wanted: ReadonlyMap<Address, SpawnOptions>, now: Date): Promise<void> {
    const { kind } = hosted
    // Only stamped machines see it, and they are promised the database's time.
    const at = hosted.stamped ? now : new Date(0)
    const draft = emptyDraft()
    for (const [address, { key, input, team, sender, cause }] of wanted) {
      const identity = {
        address,
        kind,
        key,
        parent: null,
        childId: null,
        root: address,
        systemId: null,
        team: team ?? 'default',
        seen: null,
      }
      planBirth(draft, identity, toJson(input), at, { sender: sender ?? null, cause: cause ?? null }, context)
    }
    await turn.commit(draft)
  }
}
