import { AppError } from '../../../core/errors.ts'
import type { NewEvent } from '../../../core/event.ts'

const SOURCE = /^\/([^/]+)\/./
/** `<revision>.<n>`, `once:<name>`, and `<work>:<n>`. */
const GIVEN = /^once:|^\d+\.\d+$|:\d+$/

/**
 * Throws `event.invalid` for an event from outside under a name that an actor gives to what it emits: the log takes no
 * second event of a name, so the actor's own would be lost.
 */
export function refuseActorsName({ source, id }: NewEvent, kinds: { has(kind: string): boolean }): void {
  const kind = SOURCE.exec(source)?.[1]
  if (id === undefined || kind === undefined || !kinds.has(kind) || !GIVEN.test(id)) return
  throw new AppError('event.invalid', `id: ${source} gives such names itself: expected another id, or another source`)
}
