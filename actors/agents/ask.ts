import { ulid } from 'ulid'
import type { Address } from '../../core/address.ts'
import { AppError } from '../../core/errors.ts'
import type { MachineEvent } from '../../core/message.ts'
import type { Principal } from '../../core/principal.ts'
import { findActor } from '../../db/actors.ts'
import { type HistoryEntry, lastRevision } from '../../db/history.ts'
import type { Runtime } from '../runtime.ts'

const TIMEOUT_MS = 15_000

/**
 * Sends a message and answers with the entry that says what the actor made of it, once that is committed; so the tables
 * that follow the actor already show it. Throws `event.refused` when the actor does not take the event in its present
 * state, `actor.timeout` when no worker got to it: it is then still on its way.
 */
export async function ask(
  runtime: Runtime,
  address: Address,
  event: MachineEvent,
  by: Principal,
): Promise<HistoryEntry> {
  const actor = await findActor(runtime.sql, address)
  if (actor?.status === 'parked') {
    throw new AppError('actor.parked', `${address} is parked: it takes nothing until its machine fits`, {
      details: { address, parked: actor.parked },
    })
  }
  const after = await lastRevision(runtime.sql, address)
  const id = `ask:${ulid()}`
  await runtime.send(address, event, { id, sender: `user/${by.name}` })
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  for await (const entry of runtime.follow(address, { after, signal })) {
    if (entry.messageId !== id) continue
    if (!entry.handled) throw await refused(runtime, entry)
    return entry
  }
  throw new AppError(
    'actor.timeout',
    `${address} has not taken ${event.type} within ${TIMEOUT_MS} ms; it is still on its way`,
    {
      details: { address, message: id },
    },
  )
}

async function refused(runtime: Runtime, { address, event, to }: HistoryEntry): Promise<AppError> {
  const { nextEvents } = await runtime.snapshot(address)
  return new AppError('event.refused', `${address} does not take ${event.type} in ${JSON.stringify(to)}`, {
    details: { address, state: to, allowedEvents: nextEvents },
  })
}
