import type { Address } from '../../core/address.ts'
import { AppError } from '../../core/errors.ts'
import { type ActorRow, findActor } from '../../db/actors.ts'
import type { Sql } from '../../db/client.ts'
import { type HistoryEntry, readHistoryAfter, readOn } from '../../db/history.ts'
import { isSettled } from '../../db/mailbox.ts'
import type { HostedMachine } from '../../machines/host.ts'
import { type Live, tail } from '../follow/live.ts'
import type { Runtime } from '../runtime-api.ts'
import { viewActor } from './view.ts'

/** Entries of one reading. */
const PAGE = 500

interface ReadingDeps {
  sql: Sql
  hosted: ReadonlyMap<string, HostedMachine>
  live: Live
}

type Readings = Pick<Runtime, 'settled' | 'snapshot' | 'history' | 'follow' | 'followAll'>

/** What can be seen of actors: as they are, as they were, and as they move. Changes nothing. */
export function createReadings({ sql, hosted, live }: ReadingDeps): Readings {
  async function existing(address: Address): Promise<ActorRow> {
    const row = await findActor(sql, address)
    if (!row) throw new AppError('actor.not_found', `There is no actor ${address}`, { details: { address } })
    return row
  }

  return {
    async settled(address, { timeoutMs = 30_000 } = {}) {
      await existing(address)
      const look = async (): Promise<string[]> => {
        if (await isSettled(sql, address)) return ['settled']
        return (await existing(address)).status === 'parked' ? ['parked'] : []
      }
      for await (const state of tail(live, address, look, AbortSignal.timeout(timeoutMs))) {
        if (state === 'settled') return
        throw new AppError('actor.parked', `${address} is parked: its mail waits`, { details: { address } })
      }
      throw new AppError('actor.timeout', `${address} still has mail after ${timeoutMs} ms`, {
        details: { address, timeoutMs },
      })
    },

    async snapshot(address) {
      const row = await existing(address)
      return viewActor(sql, row, hosted.get(row.kind))
    },

    async *history(address, { after = 0 } = {}) {
      for (let last = after; ; ) {
        const entries = await readOn(sql, address, { after: last, limit: PAGE })
        yield* entries
        if (entries.length < PAGE) return
        last = entries.at(-1)?.revision ?? last
      }
    },

    async *follow(address, { after = 0, signal } = {}) {
      let last = after
      const read = async (): Promise<HistoryEntry[]> => {
        const entries = await readOn(sql, address, { after: last, limit: PAGE })
        last = entries.at(-1)?.revision ?? last
        return entries
      }
      // What one actor did can be read once it is told.
      yield* tail(live, address, read, signal, { patient: false })
    },

    async *followAll({ cursor, signal }) {
      let last = cursor
      const read = async (): Promise<HistoryEntry[]> => {
        const entries = await readHistoryAfter(sql, last, PAGE)
        last = entries.at(-1)?.cursor ?? last
        return entries
      }
      yield* tail(live, undefined, read, signal)
    },
  }
}
