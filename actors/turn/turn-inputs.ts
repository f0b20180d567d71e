import type { Address } from '../../core/address.ts'
import type { Message } from '../../core/message.ts'
import type { Sql } from '../../db/client.ts'
import type { ActorChange, CommittedTurn } from '../../db/turn-commit.ts'
import { readTurnInput, type TurnInput } from '../../db/turn-input.ts'
import { createDatabaseClock } from './database-clock.ts'
import type { Demand } from './demand.ts'
import { createRecall } from './recall.ts'

/** A message that was handed straight to a turn. */
export interface Handed {
  message: Message
  /** Its sender gave it its id, which may have been used before. */
  named: boolean
  demand?: Demand
}

/** What an actor is to do in a turn. */
export interface Ask {
  handed: readonly Handed[]
  /** Mail, timers or outcomes may wait for it. */
  look: boolean
}

/** What turns begin with: read, or recalled from the turn before where nothing but new messages is to be taken. */
export interface TurnInputs {
  find(batch: ReadonlyMap<Address, Ask>): Promise<Map<Address, TurnInput>>
  /** What was committed, to be recalled. `askedAt`: when the commit was sent, by `performance.now()`. */
  learn(changes: readonly ActorChange[], result: CommittedTurn, askedAt: number): void
  /** This one is read the next time. */
  forget(address: Address): void
  /** What was recalled of this one is not so: it is read the next time, and for a while. */
  correct(address: Address): void
}

export function createTurnInputs(sql: Sql, mailPerActor: number): TurnInputs {
  const clock = createDatabaseClock()
  const recall = createRecall()
  const nothing: ReadonlySet<string> = new Set()

  function recallSome(batch: ReadonlyMap<Address, Ask>): Map<Address, TurnInput> {
    const now = clock.now()
    const found = new Map<Address, TurnInput>()
    if (!now) return found
    for (const [address, { look }] of batch) {
      const actor = look ? undefined : recall.find(address)
      if (actor) found.set(address, { actor, mail: [], known: nothing, now })
    }
    return found
  }

  return {
    async find(batch) {
      const found = recallSome(batch)
      const rest = [...batch.keys()].filter((address) => !found.has(address))
      if (rest.length === 0) return found
      const asked = rest.flatMap((address) =>
        (batch.get(address)?.handed ?? []).filter((one) => one.named).map((one) => one.message),
      )
      const read = await readTurnInput(sql, rest, asked, mailPerActor)
      for (const [address, input] of read) found.set(address, input)
      return found
    },
    learn(changes, { committed, xid, now }, askedAt) {
      if (now) clock.heard(now, askedAt)
      for (const change of changes) {
        if (committed.has(change.address)) recall.keep(change, xid)
        else recall.forget(change.address)
      }
    },
    forget: recall.forget,
    correct: recall.shun,
  }
}
