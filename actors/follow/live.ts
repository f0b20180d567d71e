import type { Address } from '../../core/address.ts'
import { AppError } from '../../core/errors.ts'

/** Wakes whoever follows an actor when it moved, in whichever process that was. A wake-up is a hint to read again. */
export interface Live {
  moved(addresses: Iterable<Address>): void
  /** Notices may have been lost: everybody reads again. */
  movedAll(): void
  /** Calls back for each move of one actor, or of any (`undefined`). Answers how to stop. */
  subscribe(address: Address | undefined, listener: () => void): () => void
  /** Everybody who follows comes to an end. */
  close(): void
  readonly closed: boolean
}

export function createLive(): Live {
  const listeners = new Map<Address | undefined, Set<() => void>>()
  const wake = (address: Address | undefined): void => {
    for (const listener of listeners.get(address) ?? []) listener()
  }
  const movedAll = (): void => {
    for (const address of listeners.keys()) wake(address)
  }
  let closed = false
  return {
    get closed() {
      return closed
    },
    close() {
      closed = true
      movedAll()
    },
    moved(addresses) {
      for (const address of addresses) wake(address)
      wake(undefined)
    },
    movedAll,
    subscribe(address, listener) {
      const set = listeners.get(address) ?? new Set()
      set.add(listener)
      listeners.set(address, set)
      return () => {
        set.delete(listener)
        if (set.size === 0) listeners.delete(address)
      }
    },
  }
}

/** Looks at this pace for a moment after a wake-up, and at that one while nobody wakes. */
const SOON_MS = 10
const LOOKS_SOON = 5
const SLOW_MS = 2_000
/** How long to wait for a database that is away. */
const AWAY_MS = 500

/**
 * Reads again and again, sleeping until woken; ends with its signal or when `live` closes. A wake-up can be lost with its
 * carrier, so there is also a slow clock; and a reader that stays below running transactions (`patient`) may be woken a
 * moment early, so it looks again soon after. A failure that passes (`retryable`) only makes it wait.
 */
export async function* tail<Item>(
  live: Live,
  address: Address | undefined,
  read: () => Promise<Item[]>,
  signal: AbortSignal | undefined,
  { patient = true }: { patient?: boolean } = {},
): AsyncGenerator<Item> {
  let woken = true
  let looksSoon = 0
  let ring: () => void = () => undefined
  const unsubscribe = live.subscribe(address, () => {
    woken = true
    looksSoon = patient ? LOOKS_SOON : 0
    ring()
  })
  const abort = (): void => ring()
  const over = (): boolean => live.closed || (signal?.aborted ?? false)
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      ring = () => {
        clearTimeout(timer)
        resolve()
      }
      if (woken || over()) ring()
    })
  signal?.addEventListener('abort', abort)
  try {
    while (!over()) {
      woken = false
      const items = await read().catch((error: unknown) => {
        if (error instanceof AppError && error.retryable) return undefined
        throw error
      })
      if (!items) {
        await sleep(AWAY_MS)
        continue
      }
      yield* items
      if (items.length > 0 || woken) continue
      looksSoon -= 1
      await sleep(looksSoon > 0 ? SOON_MS : SLOW_MS)
    }
  } finally {
    unsubscribe()
    signal?.removeEventListener('abort', abort)
  }
}
