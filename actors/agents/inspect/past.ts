import { ulid } from 'ulid'
import { type Address, parseAddress, teamKey } from '../../../core/address.ts'
import { AppError } from '../../../core/errors.ts'
import type { Principal } from '../../../core/principal.ts'
import { type ActorRow, findActor } from '../../../db/actors.ts'
import { listMailAt } from '../../../db/past.ts'
import { activePaths } from '../../../machines/describe.ts'
import type { Runtime } from '../../runtime.ts'
import type { Audit } from '../records/audit.ts'
import type { PastApi } from './past-api.ts'

const LONGEST_KEY = 180

/** What actors were, and new beginnings from there. */
export function createPast({ runtime, audit }: { runtime: Runtime; audit: Audit }): PastApi {
  async function existing(by: Principal, address: Address): Promise<ActorRow> {
    parseAddress(address)
    const row = await findActor(runtime.sql, address)
    if (row?.team === by.team) return row
    throw new AppError('actor.not_found', `There is no actor ${address}`, { details: { address } })
  }

  return {
    async at(by, address, revision) {
      const row = await existing(by, address)
      if (revision < 1 || revision > row.revision) {
        throw new AppError('request.invalid', `at: ${address} has the revisions 1 to ${row.revision}`, {
          details: { revision: row.revision },
        })
      }
      const [replayed, mailbox] = await Promise.all([
        runtime.replay(address, revision),
        listMailAt(runtime.sql, address, revision),
      ])
      const { snapshot, before, entry, equal, otherDefinitions } = replayed
      const { value, context, status } = snapshot
      return {
        revision,
        value,
        context,
        status,
        active: activePaths(value),
        before: before && { value: before.value, context: before.context },
        entry,
        mailbox: mailbox ?? null,
        otherDefinitions,
        ...(equal === undefined ? {} : { equal }),
      }
    },

    async fork(by, address, { at, key, work = 'hold' }) {
      const row = await existing(by, address)
      const name =
        key === undefined
          ? `${row.key.slice(0, LONGEST_KEY)}~${at}.${ulid().slice(-6).toLowerCase()}`
          : teamKey(by.team, key)
      const forked = await runtime.fork(address, { at, key: name, work, sender: `user/${by.name}` })
      await audit.append(by, 'actor.fork', address, { fork: forked.address, at, work })
      return forked
    },
  }
}
