import type { Address } from '../core/address.ts'
import { AppError } from '../core/errors.ts'
import { isReservedType } from '../core/event.ts'
import type { Message } from '../core/message.ts'
import { findActors } from '../db/actors.ts'
import type { Sql } from '../db/client.ts'
import { appendMail } from '../db/mailbox.ts'

/** What became of a message: stored now, or the mailbox (or the history) had its id already. */
export interface Accepted {
  duplicate: boolean
}

export interface Sender {
  /**
   * Resolves when the message is durably accepted. Refuses reserved event types (`event.reserved_type`) and unknown
   * recipients (`actor.not_found`).
   */
  send(message: Message): Promise<Accepted>
}

interface Waiting {
  message: Message
  resolve(accepted: Accepted): void
  reject(error: unknown): void
}

const PER_COMMIT = 200

/** Messages that come in while a commit is under way share the next one. */
export function createSender(sql: Sql, onMail: (addresses: Address[]) => void): Sender {
  let queue: Waiting[] = []
  let busy = false

  async function flush(): Promise<void> {
    busy = true
    while (queue.length > 0) {
      const batch = queue.slice(0, PER_COMMIT)
      queue = queue.slice(PER_COMMIT)
      await commit(batch)
    }
    busy = false
  }

  async function commit(batch: Waiting[]): Promise<void> {
    try {
      const fresh = await appendMail(
        sql,
        batch.map((waiting) => waiting.message),
      )
      const old = batch.filter(({ message }) => !fresh.has(keyOf(message)))
      const known = old.length === 0 ? new Map() : await findActors(sql, [...new Set(old.map(({ message }) => message.to))])
      const mailFor = new Set<Address>()
      for (const { message, resolve, reject } of batch) {
        // The first of two equal messages in one batch is the new one.
        if (fresh.delete(keyOf(message))) {
          mailFor.add(message.to)
          resolve({ duplicate: false })
        } else if (known.has(message.to) || mailFor.has(message.to)) resolve({ duplicate: true })
        else reject(new AppError('actor.not_found', `There is no actor ${message.to}`, { details: { address: message.to } }))
      }
      if (mailFor.size > 0) onMail([...mailFor])
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        if (isReservedType(message.event.type)) {
          const type = message.event.type
          reject(new AppError('event.reserved_type', `"${type}" is reserved: types that start with "xstate." come from the runtime only`))
          return
        }
        queue.push({ message, resolve, reject })
        if (!busy) void flush()
      }),
  }
}

function keyOf(message: Message): string {
  return `${message.to} ${message.id}`
}
