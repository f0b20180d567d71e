import type { Address } from '../../../core/address.ts'
import { type HistoryEntry, lastRevision } from '../../../db/history.ts'
import type { Runtime } from '../../runtime.ts'
import { ticketsOf } from './ticket-news.ts'

/** News of one ticket, for one who waits. */
export interface TicketNews {
  /** The next step of the lock that speaks of the ticket; undefined when the signal or the runtime ends the waiting. */
  next(): Promise<HistoryEntry | undefined>
  stop(): void
}

export interface TicketWatch {
  /** From when this resolves on nothing is missed; what was decided before is to be read from the tables. */
  listen(lock: Address, ticket: string, signal: AbortSignal): Promise<TicketNews>
}

interface Waiter {
  news: HistoryEntry[]
  wake(): void
}

/** The one reader of a lock's history. */
interface Reader {
  waiters: Map<string, Set<Waiter>>
  opened: Promise<void>
  failure: Error | undefined
  end: AbortController
}

/**
 * Many wait for one lock, and each of its steps concerns few of them: its history is read once for all of them, as long
 * as anybody waits.
 */
export function createTicketWatch(runtime: Runtime): TicketWatch {
  const readers = new Map<Address, Reader>()

  function open(lock: Address): Reader {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const reader: Reader = { waiters: new Map(), opened: promise, failure: undefined, end: new AbortController() }
    readers.set(lock, reader)
    read(lock, reader, resolve)
      .catch((failure: unknown) => {
        reader.failure = failure instanceof Error ? failure : new Error(String(failure))
        reject(failure)
      })
      .finally(() => close(lock, reader))
    return reader
  }

  async function read(lock: Address, { waiters, end }: Reader, opened: () => void): Promise<void> {
    const after = await lastRevision(runtime.sql, lock)
    opened()
    for await (const entry of runtime.follow(lock, { after, signal: end.signal })) {
      for (const ticket of ticketsOf(entry)) {
        for (const waiter of waiters.get(ticket) ?? []) {
          waiter.news.push(entry)
          waiter.wake()
        }
      }
    }
  }

  function close(lock: Address, reader: Reader): void {
    if (readers.get(lock) === reader) readers.delete(lock)
    reader.end.abort()
    for (const waiters of reader.waiters.values()) for (const waiter of waiters) waiter.wake()
  }

  return {
    async listen(lock, ticket, signal) {
      const waiter: Waiter = { news: [], wake: () => undefined }
      const reader = readers.get(lock) ?? open(lock)
      reader.waiters.set(ticket, (reader.waiters.get(ticket) ?? new Set()).add(waiter))
      const wake = (): void => waiter.wake()
      signal.addEventListener('abort', wake)
      const stop = (): void => {
        signal.removeEventListener('abort', wake)
        const others = reader.waiters.get(ticket)
        others?.delete(waiter)
        if (others?.size === 0) reader.waiters.delete(ticket)
        if (reader.waiters.size === 0) close(lock, reader)
      }
      const next = async (): Promise<HistoryEntry | undefined> => {
        for (;;) {
          const entry = waiter.news.shift()
          if (entry || signal.aborted) return entry
          if (reader.failure !== undefined) throw reader.failure
          if (reader.end.signal.aborted) return undefined
          await new Promise<void>((resolve) => (waiter.wake = resolve))
        }
      }
      await reader.opened.catch((failure: unknown) => {
        stop()
        throw failure
      })
      return { next, stop }
    },
  }
}
