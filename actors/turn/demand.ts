import type { Address } from '../../core/address.ts'
import type { StoredSnapshot } from '../../core/effect.ts'
import { AppError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import type { MachineEvent } from '../../core/message.ts'
import type { ActorRow } from '../../db/actors.ts'
import type { TurnActor } from '../../db/turn-input.ts'
import { type HostedMachine, stamp } from '../../machines/host.ts'
import { nextEvents } from '../../machines/inspect.ts'
import { step } from '../../machines/step.ts'

/**
 * What must hold for a message to be taken at all; else its sender hears why, and nothing of it is kept. Where a worker
 * sends, it is judged in the very turn that applies the message; an `api` process judges by what it reads a moment before.
 */
export interface Demand {
  /** The actor belongs to this team (`actor.not_found`). */
  team?: string
  /** The actor stands at this revision (`request.precondition_failed`). */
  revision?: number
  /** A transition follows from the message (`event.refused`, with what the actor would take). */
  handled?: boolean
}

type Subject = Pick<ActorRow, 'address' | 'team' | 'status' | 'parked'> & { revision: number; snapshot: StoredSnapshot }

/** Why the actor, as it stands, is not to have the message; undefined when nothing is against it yet. */
export function refuseBefore(
  actor: Subject,
  type: string,
  demand: Demand,
  hosted?: HostedMachine,
): AppError | undefined {
  const { address, revision } = actor
  if (demand.team !== undefined && demand.team !== actor.team) return noSuchActor(address)
  if (demand.revision !== undefined && demand.revision !== revision) {
    const words = `${address} is at revision ${revision}, not ${demand.revision}: look again`
    return new AppError('request.precondition_failed', words, { details: { revision } })
  }
  if (!demand.handled || actor.status === 'active') return undefined
  if (actor.status === 'parked') {
    const words = `${address} is parked: it takes nothing until its machine fits`
    return new AppError('actor.parked', words, { details: { address, parked: actor.parked } })
  }
  return refused(actor, type, `it has ended (${actor.status})`, hosted)
}

/** For a message from which no transition followed. */
export function refuseUnhandled(actor: Subject, type: string, hosted: HostedMachine): AppError {
  return refused(actor, type, `in state ${nameOf(actor.snapshot.value)} nothing follows from it`, hosted)
}

/** Judges by a row that was just read, at this time of the database, without committing anything. */
export function refuseByReading(
  row: Omit<TurnActor, 'seen'>,
  { event, demand, now }: { event: MachineEvent; demand: Demand; now: Date },
  hosted?: HostedMachine,
): AppError | undefined {
  const before = refuseBefore(row, event.type, demand, hosted)
  if (before || !demand.handled || !hosted) return before
  const { address, parent, childId, revision, snapshot } = row
  try {
    const stamped = stamp(hosted, event, now)
    const { handled } = step(hosted, { address, parent, childId, revision: revision + 1 }, snapshot, stamped)
    return handled ? undefined : refuseUnhandled(row, event.type, hosted)
  } catch (error) {
    // Its machine throws on it: as in its turn, that is a word on this message, and on nothing else.
    if (error instanceof AppError) return error
    throw error
  }
}

export function noSuchActor(address: Address): AppError {
  return new AppError('actor.not_found', `There is no actor ${address}`, { details: { address } })
}

function refused({ address, status, snapshot }: Subject, type: string, why: string, hosted?: HostedMachine): AppError {
  const allowedEvents = hosted && status === 'active' ? nextEvents(hosted.inert, snapshot) : []
  return new AppError('event.refused', `${address} does not take ${type} now: ${why}`, {
    details: { address, state: snapshot.value, allowedEvents },
  })
}

function nameOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
