import type { Address } from '../../core/address.ts'
import type { Effect } from '../../core/effect.ts'
import type { Json } from '../../core/json.ts'
import type { Sql } from '../../db/client.ts'
import { findEntries } from '../../db/history.ts'
import type { Live } from '../follow/live.ts'

/** What an actor made of a message, once that is committed. */
export interface Receipt {
  address: Address
  messageId: string
  revision: number
  /** State it was in after the message. */
  to: Json
  status: string
  effects: Effect[]
  /** False: no transition followed from it. */
  handled: boolean
}

export interface Receipts {
  /** Waits from before the message is sent, so that no commit is too early. */
  expect(address: Address, messageId: string): Expected
  /** What this process has just committed: who waits here need not read it back. */
  committed(receipts: readonly Receipt[]): void
  stop(): void
}

export interface Expected {
  /** Resolves when the message is applied and committed, by whichever process; `undefined` when that takes longer. */
  within(timeoutMs: number): Promise<Receipt | undefined>
  /** The message may have been applied long ago. */
  look(): void
  /** Nobody waits any more. */
  cancel(): void
}

interface Waiter {
  address: Address
  messageId: string
  resolve(receipt: Receipt | undefined): void
}

/** A notice of another process can be lost, so there is also a slow clock. */
const SLOW_MS = 1_000

/** Tells senders that wait what became of their messages: many waiters, one question to the database. */
export function createReceipts(sql: Sql, live: Live): Receipts {
  const waiting = new Map<string, Set<Waiter>>()
  let unread = new Set<Waiter>()
  let reading = false
  let clock: NodeJS.Timeout | undefined

  function settle(receipt: Receipt): void {
    for (const waiter of waiting.get(keyOf(receipt)) ?? []) waiter.resolve(receipt)
  }

  async function read(): Promise<void> {
    reading = true
    while (unread.size > 0) {
      const asked = [...unread]
      unread = new Set()
      // A database that is away is asked again by the slow clock.
      for (const entry of await findEntries(sql, asked).catch(() => [])) settle(entry)
    }
    reading = false
  }

  function look(waiters: Iterable<Waiter>): void {
    for (const waiter of waiters) unread.add(waiter)
    if (!reading && unread.size > 0) void read()
  }

  function stopClock(): void {
    clearInterval(clock)
    clock = undefined
  }

  function everybody(): Waiter[] {
    return [...waiting.values()].flatMap((waiters) => [...waiters])
  }

  return {
    expect(address, messageId) {
      const key = keyOf({ address, messageId })
      let resolve: (receipt: Receipt | undefined) => void = () => undefined
      const applied = new Promise<Receipt | undefined>((done) => (resolve = done))
      let timer: NodeJS.Timeout | undefined
      const waiter: Waiter = {
        address,
        messageId,
        resolve(receipt) {
          clearTimeout(timer)
          unsubscribe()
          unread.delete(waiter)
          const others = waiting.get(key)
          others?.delete(waiter)
          if (others?.size === 0) waiting.delete(key)
          if (waiting.size === 0) stopClock()
          resolve(receipt)
        },
      }
      const unsubscribe = live.subscribe(address, () => look([waiter]))
      waiting.set(key, (waiting.get(key) ?? new Set()).add(waiter))
      clock ??= setInterval(() => look(everybody()), SLOW_MS)
      return {
        within(timeoutMs) {
          timer = setTimeout(() => waiter.resolve(undefined), timeoutMs)
          return applied
        },
        look: () => look([waiter]),
        cancel: () => waiter.resolve(undefined),
      }
    },
    committed(receipts) {
      if (waiting.size > 0) for (const receipt of receipts) settle(receipt)
    },
    stop() {
      for (const waiter of everybody()) waiter.resolve(undefined)
    },
  }
}

function keyOf({ address, messageId }: { address: Address; messageId: string }): string {
  return `${address} ${messageId}`
}
