import type { MachineEvent } from '../../core/message.ts'
import type { Sql } from '../../db/client.ts'
import { appendEmitted, type Claim } from '../../db/invocations.ts'
import { insist } from './insist.ts'
import { toLogged } from './logged.ts'

/** Keeps what a running promise emits, in order. */
export interface Emitter {
  emit(event: MachineEvent): void
  /** Resolves when all of it is in the log. */
  flushed(): Promise<void>
}

/**
 * Writes what an invocation emits to the event log under `<effectId>:<n>`: a second try of the same work emits the same
 * names, and what the first try had logged is not logged again. A try that lost its claim logs nothing.
 */
export function createEmitter(
  sql: Sql,
  claim: Claim & { worker: string },
  signal: AbortSignal,
  deps: { newId(): string; onLogged(): void },
): Emitter {
  let count = 0
  let writing: Promise<void> = Promise.resolve()
  return {
    emit(event) {
      const logged = toLogged(event, {
        id: deps.newId(),
        by: claim.address,
        team: claim.team,
        sourceId: `${claim.effectId}:${count++}`,
        cause: claim.cause,
      })
      writing = writing.then(async () => {
        if (await insist(() => appendEmitted(sql, claim, logged), signal)) deps.onLogged()
      })
      // Whoever waits for `flushed` hears of it.
      writing.catch(() => undefined)
    },
    flushed: () => writing,
  }
}
