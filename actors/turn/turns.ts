import type { Address } from '../../core/address.ts'
import { AppError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Message } from '../../core/message.ts'
import { isConflict, isRefusedValue } from '../../db/client.ts'
import type { Demand } from './demand.ts'
import type { Receipt } from './receipts.ts'
import { type Accepted, mailboxFull } from './sender.ts'
import type { Taken, Turn } from './turn.ts'
import type { Ask, Handed } from './turn-inputs.ts'

/** Actors in one turn: 64 cost a sixth more work for each event, 256 a tenth less, for twice the latency (bench/README.md). */
const ACTORS_PER_TURN = 128
/** Messages handed to one actor in one turn. */
const HANDED_PER_TURN = 64
/** Turns in flight at once in one process: while some wait for their commits, the next is read and stepped. */
const LANES = 3
/** So many actors make another one worth while; fewer go together with those that come while one is under way. */
const WORTH = 16

export interface Turns {
  /** Gives these actors turns until the mail that waits now is applied. Rejects when the database does not answer. */
  run(addresses: readonly Address[]): Promise<void>
  /** The same, without waiting: the sweeper repeats what fails here. */
  nudge(addresses: readonly Address[]): void
  /**
   * Applies a message in its actor's next turn, without a mailbox in between: one commit instead of two. Resolves when
   * that is committed; rejects with `database.unavailable` when nobody knows whether it was. What cannot be applied here
   * and now goes to the mailbox.
   */
  hand(handed: Handed): Promise<Handover>
  /** True while the next turn has room: what is asked for now does not wait for others. */
  hasRoom(): boolean
  /** Ends when the turns in flight are committed; begins no more. */
  stop(): Promise<void>
}

/** What became of a message that was handed to a turn, and what its actor made of it, unless the mailbox has it now. */
export interface Handover extends Accepted {
  receipt?: Receipt | undefined
}

interface Waiter {
  resolve(): void
  reject(error: unknown): void
}
interface Waiting extends Handed {
  resolve(handover: Handover): void
  reject(error: unknown): void
}
/** What waits for an actor's next turn; what was handed in the order of its lanes. */
interface Asked extends Ask {
  waiters: Waiter[]
  handed: Waiting[]
}

export interface TurnsDeps {
  turn: Turn
  /** Messages that may wait here for one actor, before more are refused (`actor.mailbox_full`). */
  mailboxLimit: number
  /** The way through the mailbox. */
  append(message: Message, demand?: Demand): Promise<Accepted>
  log: Log
}

/**
 * Group commit without delay: whatever is asked for while turns are in flight gathers into the next one. At rest a
 * turn is one message and latency is lowest; under load one commit carries up to 128 actors. Actors that were handed a
 * control do not wait for that: they have a lane of their own, whose turns hold nobody else.
 */
export function createTurns({ turn, mailboxLimit, append, log }: TurnsDeps): Turns {
  const pending = new Map<Address, Asked>()
  const inFlight = new Set<Address>()
  /** Those among the pending with a control. */
  const urgent = new Set<Address>()
  /** Somebody else is just committing these. */
  const resting = new Set<Address>()
  /** Messages on their way to a mailbox: those that come after them must not overtake. */
  const diverted = new Map<Address, number>()
  let lanes = 0
  let express = false
  let pumping = false
  let stopping = false
  let idle: (() => void) | undefined

  function ask(address: Address, asked: Partial<Asked>): void {
    const before = pending.get(address)
    pending.set(address, {
      look: (before?.look ?? false) || (asked.look ?? true),
      waiters: [...(before?.waiters ?? []), ...(asked.waiters ?? [])],
      // What was taken and given back is older than what came meanwhile.
      handed: inLanes([...(asked.handed ?? []), ...(before?.handed ?? [])]),
    })
    if (asked.handed) hurry(address)
    if (stopping) giveUp()
  }

  function giveUp(): void {
    for (const { waiters, handed } of pending.values()) rejectAll([...waiters, ...handed], stopped())
    pending.clear()
  }

  function hurry(address: Address): void {
    if (pending.get(address)?.handed[0]?.message.lane === 0) urgent.add(address)
  }

  /** In a moment, when all that came in with the same read of the sockets is here. */
  function pumpSoon(): void {
    if (pumping) return
    pumping = true
    setImmediate(() => {
      pumping = false
      pump()
    })
  }

  function pump(): void {
    if (stopping) return
    if (!express) express = begin(takeBatch(urgent), () => (express = false))
    while (lanes === 0 || (lanes < LANES && pending.size >= WORTH)) {
      if (!begin(takeBatch(pending.keys()), () => (lanes -= 1))) break
      lanes += 1
    }
  }

  /** False: there is nobody in it. */
  function begin(batch: ReadonlyMap<Address, Asked>, leave: () => void): boolean {
    if (batch.size === 0) return false
    void take(batch).finally(() => {
      leave()
      for (const address of batch.keys()) inFlight.delete(address)
      pump()
      if (lanes === 0 && !express) idle?.()
    })
    return true
  }

  function takeBatch(addresses: Iterable<Address>): Map<Address, Asked> {
    const batch = new Map<Address, Asked>()
    for (const address of addresses) {
      if (batch.size === ACTORS_PER_TURN) break
      const asked = pending.get(address)
      // An actor takes one turn at a time; the fence would refuse the second anyway.
      if (!asked || inFlight.has(address) || resting.has(address)) continue
      inFlight.add(address)
      urgent.delete(address)
      const rest = asked.handed.slice(HANDED_PER_TURN)
      if (rest.length > 0) pending.set(address, { look: false, waiters: [], handed: rest })
      else pending.delete(address)
      hurry(address)
      batch.set(address, { ...asked, handed: asked.handed.slice(0, HANDED_PER_TURN) })
    }
    return batch
  }

  async function take(batch: ReadonlyMap<Address, Asked>): Promise<void> {
    try {
      const taken = await turn.take(batch)
      for (const [address, asked] of batch) {
        if (taken.mistaken.has(address)) {
          ask(address, asked)
          continue
        }
        const { waiters, handed } = asked
        // Waiters hear when all of it is applied, not just the part that one turn takes.
        if (taken.more.has(address)) ask(address, { waiters })
        else if (!taken.conflicts.has(address)) for (const waiter of waiters) waiter.resolve()
        const rest = taken.conflicts.has(address) ? handed : settle(handed, taken)
        const diverts = taken.elsewhere.has(address)
        if (diverts) divert(address, rest)
        if (taken.conflicts.has(address)) later(address, { waiters, handed: diverts ? [] : rest })
      }
    } catch (error) {
      log.warn({ error, actors: batch.size }, 'turn failed')
      const passes = isConflict(error)
      for (const [address, { waiters, handed }] of batch) {
        rejectAll(waiters, error)
        if (passes) later(address, { handed })
        // A value in one of them: the mailbox finds out which.
        else if (isRefusedValue(error)) divert(address, handed)
        else rejectAll(handed, error)
      }
    }
  }

  /** Answers what is done with; the rest goes to the mailbox. */
  function settle(handed: readonly Waiting[], { applied, refused, elsewhere, duplicates }: Taken): Waiting[] {
    const rest: Waiting[] = []
    for (const one of handed) {
      const why = refused.get(one)
      if (why) one.reject(why)
      else if (elsewhere.has(one.message.to)) rest.push(one)
      else one.resolve({ duplicate: duplicates.has(one), receipt: applied.get(one) })
    }
    return rest
  }

  /** Somebody else is just committing this actor: a moment, with jitter, so that two workers do not chase each other. */
  function later(address: Address, asked: Partial<Asked>): void {
    resting.add(address)
    ask(address, asked)
    setTimeout(
      () => {
        resting.delete(address)
        pump()
      },
      2 + Math.random() * 10,
    )
  }

  function divert(address: Address, handed: readonly Waiting[]): void {
    const behind = pending.get(address)
    const all = [...handed, ...(behind?.handed ?? [])]
    if (behind) behind.handed = []
    if (all.length === 0) return
    diverted.set(address, (diverted.get(address) ?? 0) + all.length)
    for (const one of all) void appendOne(one).then(one.resolve, one.reject)
  }

  async function appendOne({ message, demand }: Handed): Promise<Accepted> {
    try {
      return await append(message, demand)
    } finally {
      const left = (diverted.get(message.to) ?? 1) - 1
      if (left > 0) diverted.set(message.to, left)
      else diverted.delete(message.to)
    }
  }

  return {
    nudge(addresses) {
      for (const address of addresses) ask(address, {})
      pump()
    },
    async run(addresses) {
      const applied = addresses.map(
        (address) => new Promise<void>((resolve, reject) => ask(address, { waiters: [{ resolve, reject }] })),
      )
      pump()
      await Promise.all(applied)
    },
    hand(handed) {
      const { message } = handed
      if (diverted.has(message.to)) {
        diverted.set(message.to, (diverted.get(message.to) ?? 0) + 1)
        return appendOne(handed)
      }
      return new Promise((resolve, reject) => {
        const waiting = { ...handed, resolve, reject }
        const asked = pending.get(message.to)
        if (stopping) reject(stopped())
        // Controls always pass.
        else if (asked && asked.handed.length >= mailboxLimit && message.lane > 0)
          reject(mailboxFull(message.to, mailboxLimit))
        else if (asked) putInLane(asked.handed, waiting)
        else pending.set(message.to, { look: false, waiters: [], handed: [waiting] })
        hurry(message.to)
        pumpSoon()
      })
    },
    hasRoom: () => pending.size < ACTORS_PER_TURN,
    async stop() {
      stopping = true
      if (lanes > 0 || express) await new Promise<void>((resolve) => (idle = resolve))
      giveUp()
    },
  }
}

/** Behind those of its lane. Most come last. */
function putInLane(handed: Waiting[], one: Waiting): void {
  const { lane } = one.message
  const overtakes = (handed.at(-1)?.message.lane ?? 0) > lane
  if (overtakes)
    handed.splice(
      handed.findIndex(({ message }) => message.lane > lane),
      0,
      one,
    )
  else handed.push(one)
}

function inLanes(handed: Waiting[]): Waiting[] {
  return handed.sort((left, right) => left.message.lane - right.message.lane)
}

function rejectAll(waiters: readonly Pick<Waiter, 'reject'>[], error: unknown): void {
  for (const waiter of waiters) waiter.reject(error)
}

function stopped(): AppError {
  return new AppError('database.unavailable', 'This worker has stopped')
}
