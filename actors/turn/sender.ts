import type { Address } from '../../core/address.ts'
import { AppError } from '../../core/errors.ts'
import { isReservedType } from '../../core/event.ts'
import type { Message } from '../../core/message.ts'
import { type ActorRow, findActors } from '../../db/actors.ts'
import { isConflict, isRefusedValue, type Sql } from '../../db/client.ts'
import { type Appended, appendMail, type TeamMessage } from '../../db/mailbox.ts'
import type { HostedMachine } from '../../machines/host.ts'
import { type Demand, noSuchActor, refuseByReading } from './demand.ts'

/** What became of a message: stored now, or the mailbox (or the history) had its id already. */
export interface Accepted {
  duplicate: boolean
}

export interface Sender {
  /**
   * Puts it into its mailbox, if what it demands holds by what is read a moment before. Resolves when that is committed;
   * rejects for unknown recipients (`actor.not_found`).
   */
  append(message: Message, demand?: Demand): Promise<Accepted>
}

interface Waiting {
  message: Message
  demand: Demand | undefined
  resolve(accepted: Accepted): void
  reject(error: unknown): void
}

const PER_COMMIT = 200

export interface SenderDeps {
  sql: Sql
  hosted: ReadonlyMap<string, HostedMachine>
  /** Messages that may wait for one actor, before more are refused (`actor.mailbox_full`). */
  mailboxLimit: number
  onMail(addresses: Address[]): void
}

/** Messages that come in while a commit is under way share the next one. */
export function createSender({ sql, hosted, mailboxLimit, onMail }: SenderDeps): Sender {
  let queue: Waiting[] = []
  let busy = false

  async function flush(): Promise<void> {
    busy = true
    while (queue.length > 0) {
      const batch = queue.slice(0, PER_COMMIT)
      queue = queue.slice(PER_COMMIT)
      await commit(await fit(batch))
    }
    busy = false
  }

  /** Turns away those whose demands do not hold. */
  async function fit(batch: Waiting[]): Promise<Waiting[]> {
    const demanding = batch.filter((one) => one.demand !== undefined)
    if (demanding.length === 0) return batch
    try {
      const actors = await findActors(sql, [...new Set(demanding.map((one) => one.message.to))])
      return batch.filter((one) => {
        const why = refusal(one, actors.get(one.message.to))
        if (why !== undefined) one.reject(why)
        return why === undefined
      })
    } catch (error) {
      for (const { reject } of batch) reject(error)
      return []
    }
  }

  /** What is wrong with one message is no word on the others, whatever it is. */
  function refusal({ message: { to, event }, demand }: Waiting, actor: ActorRow | undefined): unknown {
    if (!demand) return undefined
    if (!actor) return noSuchActor(to)
    try {
      // Its turn goes by the database's clock; until then this process's is as good.
      return refuseByReading(actor, { event, demand, now: new Date() }, hosted.get(actor.kind))
    } catch (error) {
      return error
    }
  }

  async function commit(batch: Waiting[]): Promise<void> {
    if (batch.length === 0) return
    try {
      answerAll(batch, await append(batch.map(({ message, demand }) => ({ ...message, team: demand?.team ?? null }))))
    } catch (error) {
      // One message that Postgres refuses must not take the others with it.
      if (isRefusedValue(error) && batch.length > 1) for (const one of batch) await commit([one])
      else for (const { reject } of batch) reject(isRefusedValue(error) ? refused(error) : error)
    }
  }

  /** Two processes that write the same ids in another order can block each other: Postgres lets one of them begin again. */
  async function append(messages: TeamMessage[], tries = 5): Promise<Appended> {
    try {
      return await appendMail(sql, messages, mailboxLimit)
    } catch (error) {
      if (tries > 1 && isConflict(error)) return append(messages, tries - 1)
      throw error
    }
  }

  function answerAll(batch: Waiting[], { fresh, known, full }: Appended): void {
    const mailFor = new Set<Address>()
    for (const { message, resolve, reject } of batch) {
      // The first of two equal messages in one batch is the new one.
      if (fresh.delete(keyOf(message))) {
        mailFor.add(message.to)
        resolve({ duplicate: false })
      } else if (full.has(message.to) && message.lane > 0) reject(mailboxFull(message.to, mailboxLimit))
      else if (known.has(message.to)) resolve({ duplicate: true })
      else reject(noSuchActor(message.to))
    }
    if (mailFor.size > 0) onMail([...mailFor])
  }

  return {
    append: (message, demand) =>
      new Promise((resolve, reject) => {
        queue.push({ message, demand, resolve, reject })
        if (!busy) void flush()
      }),
  }
}

/** What the runtime names its own mail by: nobody may take such a name first. */
const RESERVED_ID = /^(?:sent|timer|invocation|ended|xstate)[:.]/
const LONGEST_ID = 512

/** Why a message cannot be sent: a reserved event type (`event.reserved_type`), an id that is the runtime's own (`event.invalid`). */
export function refusalOf({ id, event }: Message): AppError | undefined {
  if (typeof event?.type !== 'string') return new AppError('event.invalid', 'An event is an object with a type')
  if (isReservedType(event.type)) {
    return new AppError(
      'event.reserved_type',
      `"${event.type}" is reserved: types that start with "xstate." come from the runtime only`,
    )
  }
  if (id.length > 0 && id.length <= LONGEST_ID && !RESERVED_ID.test(id)) return undefined
  return new AppError(
    'event.invalid',
    `A message id has 1 to ${LONGEST_ID} characters and does not start like the runtime's own: ${id.slice(0, 80)}`,
  )
}

/** Nothing of the message is kept; controls always pass. */
export function mailboxFull(address: Address, limit: number): AppError {
  return new AppError('actor.mailbox_full', `${limit} messages wait for ${address}: send it again later`, {
    details: { address, limit, retryAfter: 1 },
  })
}

function refused(cause: unknown): AppError {
  return new AppError('event.invalid', 'The message holds a value that cannot be stored', { cause })
}

function keyOf(message: Message): string {
  return `${message.to} ${message.id}`
}
