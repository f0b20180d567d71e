import { z } from 'zod'
import { type Address, parseAddress } from '../../core/address.ts'
import { AppError, toErrorRecord } from '../../core/errors.ts'
import type { NewEventInput } from '../../core/event.ts'
import { toJson } from '../../core/json.ts'
import type { MachineEvent } from '../../core/message.ts'
import type { Principal } from '../../core/principal.ts'
import { cloudevents } from '../../sources/cloudevents.ts'
import { isObject } from '../../sources/json-body.ts'
import type { Call } from '../route/route.ts'
import { requireType } from '../wire/body.ts'
import { incoming } from './intake.ts'
import { readMachineEvent } from './machine-event.ts'

export const BATCH = 'application/cloudevents-batch+json'

export const Rejected = z.strictObject({
  address: z.string().nullable(),
  status: z.literal('rejected'),
  code: z.string(),
  detail: z.string(),
})

export interface Batch {
  mail: { to: Address; event: MachineEvent; id: string }[]
  /** For each of `mail`, its place in the batch. */
  places: number[]
  /** By place: what is no message, and why. */
  refused: unknown[]
}

/**
 * A CloudEvents batch as mail for actors: `subject` is the address, `source` and `id` are the dedupe key. An item that
 * is none does not take the others with it. Throws `source.malformed` when nothing in the batch can be read.
 */
export function readBatch(call: Call): Batch {
  requireType(call.request, [BATCH])
  const { events, rejected } = cloudevents.parse(incoming(call, 'actors'))
  const batch: Batch = { mail: [], places: [], refused: [] }
  const refuse = (place: number, address: string | null, code: string, detail: string): void => {
    batch.refused[place] = { address, status: 'rejected', code, detail } satisfies z.infer<typeof Rejected>
  }
  for (const { index, message } of rejected) refuse(index, null, 'source.malformed', message)
  let place = 0
  for (const event of events) {
    while (batch.refused[place] !== undefined) place += 1
    try {
      batch.mail.push(toMail(call.by, event))
      batch.places.push(place)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      refuse(place, event.subject ?? null, error.code, toErrorRecord(error).message)
    }
    place += 1
  }
  return batch
}

function toMail(by: Principal, { subject, type, data, source, id }: NewEventInput): Batch['mail'][number] {
  if (subject === undefined) throw new AppError('event.invalid', 'subject: expected the address of an actor, kind/key')
  parseAddress(subject)
  const carried = toJson(data)
  const fields = isObject(carried) ? carried : carried === null ? {} : { data: carried }
  return { to: subject, event: readMachineEvent(by, { ...fields, type }), id: `${source} ${id}` }
}
