import type { Address } from '../core/address.ts'
import { AppError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Turn } from './turn.ts'

/** Actors in one turn: above 128 only latency grows. */
const ACTORS_PER_TURN = 64
/** Turns in flight at once in one process: while one waits for its commit, the next is read and stepped. */
const LANES = 2

export interface Turns {
  /** Gives these actors turns until the mail that waits now is applied. Rejects when the database does not answer. */
  run(addresses: readonly Address[]): Promise<void>
  /** The same, without waiting: the sweeper repeats what fails here. */
  nudge(addresses: readonly Address[]): void
  /** True while the next turn has room: what is asked for now does not wait for others. */
  hasRoom(): boolean
  /** Ends when the turns in flight are committed; begins no more. */
  stop(): Promise<void>
}

interface Waiter {
  resolve(): void
  reject(error: unknown): void
}

/**
 * Group commit without delay: whatever is asked for while turns are in flight gathers into the next one. At rest a
 * turn is one message and latency is lowest; under load one commit carries up to 64 actors.
 */
export function createTurns(turn: Turn, log: Log): Turns {
  const pending = new Map<Address, Waiter[]>()
  const inFlight = new Set<Address>()
  let lanes = 0
  let stopping = false
  let idle: (() => void) | undefined

  function ask(address: Address, waiters: readonly Waiter[]): void {
    if (stopping) for (const waiter of waiters) waiter.reject(stopped())
    else pending.set(address, [...(pending.get(address) ?? []), ...waiters])
  }

  function pump(): void {
    while (!stopping && lanes < LANES) {
      const batch = takeBatch()
      if (batch.size === 0) break
      lanes += 1
      void take(batch).finally(() => {
        lanes -= 1
        for (const address of batch.keys()) inFlight.delete(address)
        pump()
        if (lanes === 0) idle?.()
      })
    }
  }

  function takeBatch(): Map<Address, Waiter[]> {
    const batch = new Map<Address, Waiter[]>()
    for (const [address, waiters] of pending) {
      if (batch.size === ACTORS_PER_TURN) break
      // An actor takes one turn at a time; the fence would refuse the second anyway.
      if (inFlight.has(address)) continue
      pending.delete(address)
      inFlight.add(address)
      batch.set(address, waiters)
    }
    return batch
  }

  async function take(batch: Map<Address, Waiter[]>): Promise<void> {
    try {
      const { more, conflicts } = await turn.take([...batch.keys()])
      for (const [address, waiters] of batch) {
        // Waiters hear when all of it is applied, not just the part that one turn takes.
        if (more.has(address)) ask(address, waiters)
        else if (conflicts.has(address)) later(address, waiters)
        else for (const waiter of waiters) waiter.resolve()
      }
    } catch (error) {
      log.warn({ error, actors: batch.size }, 'turn failed')
      for (const waiters of batch.values()) for (const waiter of waiters) waiter.reject(error)
    }
  }

  /** Somebody else is just committing this actor: a moment, with jitter, so that two workers do not chase each other. */
  function later(address: Address, waiters: readonly Waiter[]): void {
    setTimeout(
      () => {
        ask(address, waiters)
        pump()
      },
      2 + Math.random() * 10,
    )
  }

  return {
    nudge(addresses) {
      for (const address of addresses) ask(address, [])
      pump()
    },
    hasRoom: () => pending.size < ACTORS_PER_TURN,
    async run(addresses) {
      const applied = addresses.map(
        (address) => new Promise<void>((resolve, reject) => ask(address, [{ resolve, reject }])),
      )
      pump()
      await Promise.all(applied)
    },
    async stop() {
      stopping = true
      if (lanes > 0) await new Promise<void>((resolve) => (idle = resolve))
      for (const waiters of pending.values()) for (const waiter of waiters) waiter.reject(stopped())
      pending.clear()
    },
  }
}

function stopped(): AppError {
  return new AppError('database.unavailable', 'This worker has stopped')
}
