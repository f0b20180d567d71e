import { ulid } from 'ulid'
import type { Address } from '../../../core/address.ts'
import type { MachineEvent } from '../../../core/message.ts'
import type { Principal } from '../../../core/principal.ts'
import type { Answer, Runtime } from '../../runtime.ts'
import { toldOutside } from './orders.ts'

const TIMEOUT_MS = 15_000

/**
 * Sends a message and answers with what the actor made of it, once that is committed; so the tables that follow the
 * actor already show it. Throws `event.refused` when the actor does not take the event in its present state,
 * `actor.timeout` when no worker got to it: it is then still on its way, `request.precondition_failed` when the actor is at
 * another revision than the expected one, and `actor.not_found` when it belongs to another team.
 */
export async function ask(
  runtime: Runtime,
  address: Address,
  event: MachineEvent,
  by: Principal,
  expected?: number,
): Promise<Answer> {
  try {
    return await runtime.ask(address, event, {
      id: `ask:${ulid()}`,
      sender: `user/${by.name}`,
      timeoutMs: TIMEOUT_MS,
      demand: { team: by.team, handled: true, ...(expected === undefined ? {} : { revision: expected }) },
    })
  } catch (error) {
    throw toldOutside(address, error)
  }
}

/** What a message that was handled did, for the audit: from which revision to which. */
export function revisionsOf({ revision }: Answer): { before: number; after: number } {
  return { before: revision - 1, after: revision }
}
