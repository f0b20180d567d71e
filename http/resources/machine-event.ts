import { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import { EventType, isReservedType } from '../../core/event.ts'
import type { MachineEvent } from '../../core/message.ts'
import type { Principal } from '../../core/principal.ts'
import { requireRole, roleForEvent } from '../door/access.ts'
import { check } from '../wire/check.ts'
import { Anything } from '../wire/words.ts'

/** An event for a machine: a type, and whatever belongs to it. */
export const MachineEventBody = z.looseObject({ type: z.string() }).catchall(Anything)

const Typed = z.object({ type: EventType })

/**
 * Throws `event.reserved_type` for what only the runtime may send, since a forged one would pass an approval, and
 * `auth.forbidden` for what takes a higher role than the route does.
 */
export function readMachineEvent(by: Principal, event: z.infer<typeof MachineEventBody>): MachineEvent {
  if (isReservedType(event.type)) {
    throw new AppError('event.reserved_type', `"${event.type.slice(0, 80)}" is reserved for the runtime`)
  }
  check(Typed, event, 'body')
  requireRole(by, roleForEvent(event.type))
  return event
}
