import { LRUCache } from 'lru-cache'
import type { Address } from '../../core/address.ts'
import type { StoredSnapshot } from '../../core/effect.ts'
import type { ActorChange } from '../../db/turn-commit.ts'
import type { TurnActor } from '../../db/turn-input.ts'

/**
 * Actors as this process committed them last: their next turn need not read them. Whether a recalled actor is still what
 * the database has, only its commit can tell (`Seen`).
 */
export interface Recall {
  find(address: Address): TurnActor | undefined
  /** The actor is now as this change made it, written by this transaction. */
  keep(change: ActorChange, xid: string): void
  forget(address: Address): void
  /** Somebody else moved it, and may do so again: for a while it is not kept. */
  shun(address: Address): void
}

/** Actors, and characters of their stored snapshots, that one process keeps in mind. */
const MOST = 10_000
const MOST_CHARACTERS = 8_000_000
/** Milliseconds. Of an actor that two workers move in turn, recalling it would cost more than it saves. */
const SHUNNED_MS = 10_000

type Kept = Omit<TurnActor, 'snapshot'> & { json: string }

export function createRecall(): Recall {
  const kept = new LRUCache<Address, Kept>({
    max: MOST,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: ({ json }) => json.length,
  })
  const shunned = new LRUCache<Address, true>({ max: MOST, ttl: SHUNNED_MS })
  return {
    find(address) {
      const found = kept.get(address)
      if (!found) return undefined
      const { json, ...actor } = found
      // As it is read from the database: a machine that writes into its context changes nothing here.
      const snapshot: StoredSnapshot = JSON.parse(json)
      return { ...actor, snapshot }
    },
    keep(change, xid) {
      if (change.status !== 'active' || shunned.has(change.address)) {
        kept.delete(change.address)
        return
      }
      const { address, kind, key, status, machineHash, version, json } = change
      const { parent, childId, root, systemId, team } = change
      const seen = { xid, unread: true }
      const revision = change.after
      kept.set(address, {
        address,
        kind,
        key,
        status,
        revision,
        machineHash,
        version,
        parent,
        childId,
        root,
        systemId,
        team,
        parked: null,
        seen,
        json,
      })
    },
    forget: (address) => void kept.delete(address),
    shun(address) {
      kept.delete(address)
      shunned.set(address, true)
    },
  }
}
