import type { ActorChange } from '../../db/turn-commit.ts'
import { activePaths } from '../../machines/describe.ts'

/** The machine of this kind wrote the context in this very turn, so its type needs no second look. */
export function contextOf<Context>(change: ActorChange): Context {
  return change.snapshot.context as unknown as Context
}

/** The state it is in; of one that has none, how it ended. */
export function stateOf(change: ActorChange): string {
  return activePaths(change.snapshot.value).at(-1) ?? change.status
}
