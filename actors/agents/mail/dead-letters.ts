import { AppError } from '../../../core/errors.ts'
import { isReservedType } from '../../../core/event.ts'
import type { MachineEvent } from '../../../core/message.ts'
import type { Principal } from '../../../core/principal.ts'
import {
  type DeadLetter,
  discardDeadLetter,
  findDeadLetter,
  listDeadLetters,
  redriveDeadLetter,
} from '../../../db/dead-letters.ts'
import type { Runtime } from '../../runtime.ts'
import { noSuchActor } from '../../turn/demand.ts'
import type { Audit } from '../records/audit.ts'
import { expectCursor, numberOf } from '../records/cursor.ts'
import type { DeadLettersApi, DeadLetterView } from './dead-letters-api.ts'

const PAGE = 100

/** Messages that an actor could not handle: read, sent again as they were or edited, or left at that. */
export function createDeadLetters({ runtime, audit }: { runtime: Runtime; audit: Audit }): DeadLettersApi {
  const { sql } = runtime

  async function existing(by: Principal, id: number): Promise<DeadLetter> {
    const letter = await findDeadLetter(sql, id)
    if (letter?.team === by.team) return letter
    throw new AppError('dead_letter.not_found', `There is no dead letter ${id}`, { details: { id } })
  }

  /** The letter after somebody dealt with it: the same twice is no conflict, something else is. */
  async function settled(
    by: Principal,
    id: number,
    wanted: DeadLetter['resolution'],
    first: boolean,
  ): Promise<DeadLetterView> {
    const letter = await existing(by, id)
    if (!first && letter.resolution !== wanted) throw dealtWith(letter)
    return view(letter)
  }

  return {
    async list(by, { limit = PAGE, after, open = false, address }) {
      const filter = { team: by.team, open, limit, ...(address === undefined ? {} : { address }) }
      const rows = await listDeadLetters(sql, { ...filter, ...(after === undefined ? {} : { after: numberOf(after) }) })
      await expectCursor(sql, 'deadLetters', by.team, after)
      return { items: rows.map(view), next: rows.length < limit ? null : String(rows.at(-1)?.id) }
    },

    async redrive(by, id, event) {
      if (event && isReservedType(event.type)) throw reserved(event)
      const letter = await existing(by, id)
      // The edited one would silently stay behind the first.
      if (event && letter.resolution !== null) throw dealtWith(letter)
      const address = await redriveDeadLetter(sql, id, by.name, event)
      if (address !== undefined) {
        runtime.nudge([address])
        await audit.append(by, 'dead_letter.redrive', String(id), {
          address,
          type: (event ?? letter.event).type,
          edited: event !== undefined,
        })
      } else if (letter.resolution === null && (await existing(by, id)).resolution === null) {
        throw noSuchActor(letter.address)
      }
      return settled(by, id, 'redriven', address !== undefined)
    },

    async discard(by, id) {
      const { address, event } = await existing(by, id)
      const done = await discardDeadLetter(sql, id, by.name)
      if (done) await audit.append(by, 'dead_letter.discard', String(id), { address, type: event.type })
      return settled(by, id, 'discarded', done)
    },
  }
}

function view(letter: DeadLetter): DeadLetterView {
  const { lane: _lane, team: _team, kind: _kind, ...rest } = letter
  return rest
}

function dealtWith({ id, resolution, resolvedBy }: DeadLetter): AppError {
  return new AppError('dead_letter.resolved', `Dead letter ${id} was ${resolution} by ${resolvedBy}`, {
    details: { id, resolution, resolvedBy },
  })
}

function reserved({ type }: MachineEvent): AppError {
  return new AppError(
    'event.reserved_type',
    `"${type}" is reserved: types that start with "xstate." come from the runtime only`,
  )
}
