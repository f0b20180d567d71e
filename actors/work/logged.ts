import { createHash } from 'node:crypto'
import type { Address } from '../../core/address.ts'
import { toJson } from '../../core/json.ts'
import type { MachineEvent } from '../../core/message.ts'
import type { EmittedEvent } from '../../db/turn-commit.ts'

/** Where an event comes from: `by` and `sourceId` name it for ever, so that emitting it again changes nothing. */
export interface Emission {
  id: string
  by: Address
  team: string
  sourceId: string
  /** `event:<id>` when it began with an event of the log; anything else is only kept for correlation. */
  cause: string | null
}

/**
 * An event that an actor emits, as the log holds it: `data` as it is, or whatever else the event carries. With `data`, a
 * text `once` names the event for ever: the log takes no second one of that name from the same actor.
 */
export function toLogged(event: MachineEvent, { id, by, team, sourceId, cause }: Emission): EmittedEvent {
  const { type, subject, data, priority, causationid, ...rest } = event
  const { once } = event
  const body = data ?? toJson(rest)
  return {
    by,
    id,
    team,
    source: `/${by}`,
    sourceId: data !== undefined && typeof once === 'string' ? `once:${once}` : sourceId,
    bodyHash: createHash('sha256')
      .update(JSON.stringify([type, body]))
      .digest('hex'),
    type,
    subject: typeof subject === 'string' ? subject : null,
    data: body,
    causationid:
      typeof causationid === 'string' ? causationid : cause?.startsWith('event:') ? cause.slice('event:'.length) : null,
    correlationid: cause,
    priority: typeof priority === 'number' ? Math.round(Math.min(100, Math.max(0, priority))) : 50,
  }
}
