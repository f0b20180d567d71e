import type { Address } from '../core/address.ts'

/** Wakes whoever follows an actor when it moved, in whichever process that was. A wake-up is a hint to read again. */
export interface Live {
  moved(addresses: Iterable<Address>): void
  /** Notices may have been lost: everybody reads again. */
  movedAll(): void
  /** Calls back for each move of one actor, or of any (`undefined`). Answers how to stop. */
  subscribe(address: Address | undefined, listener: () => void): () => void
}

export function createLive(): Live {
  const listeners = new Map<Address | undefined, Set<() => void>>()
  const wake = (address: Address | undefined): void => {
    for (const listener of listeners.get(address) ?? []) listener()
  }
  return {
    moved(addresses) {
      for (const address of addresses) wake(address)
      wake(undefined)
    },
    movedAll() {
      for (const address of listeners.keys()) wake(address)
    },
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

/**
 * Reads again and again, sleeping until woken. A wake-up can be lost with its carrier, so there is also a slow clock;
 * and a reader that stays below running transactions may be woken a moment early, so it looks again soon after.
 */
export async function* tail<Item>(
  live: Live,
  address: Address | undefined,
  read: () => Promise<Item[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Item> {
  let woken = true
  let looksLeft = 0
  let ring: () => void = () => undefined
  const unsubscribe = live.subscribe(address, () => {
    woken = true
    looksLeft = 5
    ring()
  })
  const abort = (): void => ring()
  signal?.addEventListener('abort', abort)
  try {
    while (!signal?.aborted) {
      woken = false
      const items = await read()
      yield* items
      if (items.length > 0 || woken || signal?.aborted) continue
      looksLeft -= 1
      const pauseMs = looksLeft > 0 ? 10 : 2_000
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pauseMs)
        ring = () => {
          clearTimeout(timer)
          resolve()
        }
        if (woken || signal?.aborted) ring()
      })
    }
  } finally {
    unsubscribe()
    signal?.removeEventListener('abort', abort)
  }
}
