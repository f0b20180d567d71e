import { z } from 'zod'
import { AppError } from '../core/errors.ts'
import { EventType, isReservedType } from '../core/event.ts'
import type { MachineEvent } from '../core/message.ts'
import { check } from './check.ts'
import { Anything } from './words.ts'

/** An event for a machine: a type, and whatever belongs to it. */
export const MachineEventBody = z.looseObject({ type: z.string() }).catchall(Anything)

/** Throws `event.reserved_type` for what only the runtime may send: a forged one would pass an approval. */
export function readMachineEvent(event: z.infer<typeof MachineEventBody>): MachineEvent {
  if (isReservedType(event.type)) {
    throw new AppError('event.reserved_type', `"${event.type.slice(0, 80)}" is reserved for the runtime`)
  }
  check(z.object({ type: EventType }), event, 'body')
  return event
}
