import type { Address } from '../core/address.ts'
import { AppError, toErrorRecord } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { findActors, findBySystemId } from '../db/actors.ts'
import { isRefusedValue, type Sql } from '../db/client.ts'
import { buryUndeliverable } from '../db/dead-letters.ts'
import { readMail } from '../db/mailbox.ts'
import { commitTurn, type Projection, type TurnCommit } from '../db/turns.ts'
import { emptyDraft, planActor, planParking, type Draft, type PlanContext } from './plan.ts'

/** Mail one actor takes in one turn, and actors in one turn: above 128 only latency grows. */
const MAIL_PER_ACTOR = 64
const ACTORS_PER_TURN = 64
/** Turns in flight at once in one process: while one waits for its commit, the next is read and stepped. */
const LANES = 2

/** What a committed turn leaves to be carried on. */
export interface Committed {
  addresses: Address[]
  mailFor: Address[]
  invocations: string[]
  /** Invocations that are not wanted any more. */
  withdrawn: string[]
  /** Milliseconds until the first of the armed timers is due. */
  timersIn: number | undefined
  emitted: boolean
}

export interface TurnDeps {
  sql: Sql
  context: PlanContext
  projections: readonly Projection[]
  log: Log
  onCommitted(committed: Committed): void
}

export interface Turns {
  /** Gives these actors turns until the mail that waits now is applied. Rejects when the database does not answer. */
  run(addresses: readonly Address[]): Promise<void>
  /** The same, without waiting: the sweeper repeats what fails here. */
  nudge(addresses: readonly Address[]): void
  /** Commits a draft made elsewhere (a birth). */
  commit(draft: Draft): Promise<Set<Address>>
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
export function createTurns({ sql, context, projections, log, onCommitted }: TurnDeps): Turns {
  const pending = new Map<Address, Waiter[]>()
  const inFlight = new Set<Address>()
  let lanes = 0
  let stopping = false
  let idle: (() => void) | undefined

  function ask(addresses: readonly Address[], waiter?: Waiter): void {
    for (const address of addresses) {
      const waiters = pending.get(address) ?? []
      if (waiter) waiters.push(waiter)
      pending.set(address, waiters)
    }
    pump()
  }

  function pump(): void {
    while (!stopping && lanes < LANES) {
      const batch = takeBatch()
      if (batch.size === 0) break
      lanes += 1
      void turn(batch).finally(() => {
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

  async function turn(batch: Map<Address, Waiter[]>): Promise<void> {
    try {
      const { more, conflicts } = await runTurn([...batch.keys()])
      for (const [address, waiters] of batch) {
        if (!more.has(address) && !conflicts.has(address)) {
          for (const waiter of waiters) waiter.resolve()
          continue
        }
        // Asked again before this turn's waiters are told, so that they hear when all of it is applied.
        const again = (): void => void pending.set(address, [...(pending.get(address) ?? []), ...waiters])
        if (more.has(address)) again()
        else later(again)
      }
    } catch (error) {
      log.warn({ error, actors: batch.size }, 'turn failed')
      for (const waiters of batch.values()) for (const waiter of waiters) waiter.reject(error)
    }
  }

  /** Somebody else is just committing this actor: a moment, with jitter, so that two workers do not chase each other. */
  function later(again: () => void): void {
    setTimeout(() => {
      again()
      pump()
    }, 2 + Math.random() * 10)
  }

  /** Answers the actors that have more mail, and those that moved meanwhile. */
  async function runTurn(addresses: Address[]): Promise<{ more: Set<Address>; conflicts: Set<Address> }> {
    const actors = await findActors(sql, addresses)
    const mail = await readMail(sql, addresses, MAIL_PER_ACTOR)
    const undeliverable = [...mail.keys()].filter((address) => {
      const status = actors.get(address)?.status
      return status !== 'active' && status !== 'parked'
    })
    if (undeliverable.length > 0) await buryUndeliverable(sql, undeliverable)

    const drafts = new Map<Address, Draft>()
    for (const [address, actor] of actors) {
      const draft = emptyDraft()
      try {
        planActor(draft, actor, mail.get(address) ?? [], context)
        if (draft.changes.length > 0) drafts.set(address, draft)
      } catch (error) {
        log.error({ error, address }, 'actor cannot be stepped, parking it')
        drafts.set(address, parking(actor, error))
      }
    }
    if (drafts.size === 0) return { more: new Set(), conflicts: new Set() }

    const started = performance.now()
    const committed = await commitAll(drafts, actors)
    const durationMs = Math.round(performance.now() - started)
    log.debug({ actors: drafts.size, committed: committed.size, durationMs }, 'turn committed')

    return {
      more: new Set([...committed].filter((address) => (mail.get(address)?.length ?? 0) >= MAIL_PER_ACTOR)),
      conflicts: new Set([...drafts.keys()].filter((address) => !committed.has(address))),
    }
  }

  function parking(actor: Parameters<typeof planParking>[1], error: unknown): Draft {
    const draft = emptyDraft()
    planParking(draft, actor, context.hosted.get(actor.kind)?.hash ?? '', toErrorRecord(error).message)
    return draft
  }

  /** One commit for all; if Postgres refuses a value, each actor alone, and the one at fault is parked. */
  async function commitAll(drafts: Map<Address, Draft>, actors: Awaited<ReturnType<typeof findActors>>): Promise<Set<Address>> {
    try {
      return await commit(merge([...drafts.values()]))
    } catch (error) {
      if (!isRefusedValue(error)) throw error
      const committed = new Set<Address>()
      for (const [address, draft] of drafts) {
        const done = await commit(draft).catch((alone: unknown) => {
          const actor = actors.get(address)
          if (!isRefusedValue(alone) || !actor) throw alone
          log.error({ error: alone, address }, 'postgres refuses what the actor asks for, parking it')
          return commit(parking(actor, alone))
        })
        for (const one of done) committed.add(one)
      }
      return committed
    }
  }

  async function commit(draft: Draft): Promise<Set<Address>> {
    const turn = await resolveTargets(sql, draft)
    const committed = await commitTurn(sql, turn, projections)
    onCommitted({
      addresses: [...committed],
      mailFor: [...new Set(turn.mail.filter((mail) => committed.has(mail.by)).map((mail) => mail.to))],
      invocations: turn.invocations.filter((one) => committed.has(one.by)).map((one) => one.effectId),
      withdrawn: turn.invocationsGone.filter((one) => committed.has(one.by)).map((one) => one.effectId),
      timersIn: turn.timers.reduce<number | undefined>((first, timer) => Math.min(first ?? Infinity, timer.delayMs), undefined),
      emitted: turn.events.some((event) => committed.has(event.by)),
    })
    return committed
  }

  return {
    commit,
    nudge: (addresses) => ask(addresses),
    run: async (addresses) => {
      if (stopping) throw new AppError('database.unavailable', 'This worker is stopping')
      await Promise.all(
        addresses.map((address) => new Promise<void>((resolve, reject) => ask([address], { resolve, reject }))),
      )
    },
    stop: async () => {
      stopping = true
      if (lanes > 0) await new Promise<void>((resolve) => (idle = resolve))
      const error = new AppError('database.unavailable', 'This worker has stopped')
      for (const waiters of pending.values()) for (const waiter of waiters) waiter.reject(error)
      pending.clear()
    },
  }
}

function merge(drafts: readonly Draft[]): Draft {
  const whole = emptyDraft()
  for (const draft of drafts) {
    for (const key of Object.keys(whole) as (keyof Draft)[]) (whole[key] as unknown[]).push(...draft[key])
  }
  return whole
}

/** Puts addresses in place of system ids. Mail for an id that nobody has is a dead letter of its sender. */
async function resolveTargets(sql: Sql, draft: Draft): Promise<TurnCommit> {
  const wanted = [...draft.mail, ...draft.timers].flatMap(({ to, root }) => (to && 'systemId' in to ? [{ root, systemId: to.systemId }] : []))
  const found = new Map<string, Address>()
  if (wanted.length > 0) {
    for (const row of await findBySystemId(sql, wanted)) found.set(`${row.root} ${row.systemId}`, row.address)
    for (const born of draft.changes) {
      if (born.before === 0 && born.systemId !== null) found.set(`${born.root} ${born.systemId}`, born.address)
    }
  }
  const addressOf = ({ to, root }: { to: Draft['timers'][number]['to']; root: Address }): Address | null => {
    if (!to) return null
    return 'address' in to ? to.address : (found.get(`${root} ${to.systemId}`) ?? `system/${to.systemId.replaceAll(/[^\w.-]/g, '_')}`)
  }
  return {
    ...draft,
    mail: draft.mail.map(({ to, root, ...mail }) => ({ ...mail, to: addressOf({ to, root }) ?? root })),
    timers: draft.timers.map(({ to, root, ...timer }) => ({ ...timer, target: addressOf({ to, root }) })),
  }
}
