import type { Address } from '../core/address.ts'
import { type AppError, toErrorRecord } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { findBySystemId, parkActor } from '../db/actors.ts'
import { isConflict, isRefusedValue, isTakenRevision, type Sql } from '../db/client.ts'
import { buryUndeliverable } from '../db/dead-letters.ts'
import type { MailRow } from '../db/mailbox.ts'
import type { TurnActor, TurnInput } from '../db/turn-input.ts'
import { commitTurn, type HistoryRow, type Projection, type TurnCommit } from '../db/turns.ts'
import { noSuchActor, refuseByReading } from './demand.ts'
import { type Draft, emptyDraft, mergeDrafts } from './draft.ts'
import type { Booking } from './invocations.ts'
import { type Mail, planActor, planBurial, planParking } from './plan.ts'
import type { Upcoming } from './timers.ts'
import { type Ask, createTurnInputs, type Handed } from './turn-inputs.ts'
import type { PlanContext } from './walker.ts'

/** Mail one actor takes in one turn. */
const MAIL_PER_ACTOR = 64

/** What a committed turn leaves to be carried on. */
export interface Committed {
  addresses: Address[]
  applied: HistoryRow[]
  mailFor: Address[]
  /** Asked for, and not begun here yet. */
  invocations: string[]
  /** Invocations that are not wanted any more. */
  withdrawn: string[]
  /** Timers that were armed, and those that are no more. */
  timers: Upcoming[]
  timersGone: Pick<Upcoming, 'address' | 'id'>[]
  emitted: boolean
}

export interface TurnDeps {
  sql: Sql
  context: PlanContext
  projections: readonly Projection[]
  log: Log
  /** Takes room here for invocations that a turn is about to ask for. */
  book(effectIds: readonly string[]): Booking
  onCommitted(committed: Committed): void
}

/** What is left of a turn. */
export interface Taken {
  /** Actors that have more mail. */
  more: Set<Address>
  /** Actors that moved meanwhile: to be taken again, with what was handed to them. */
  conflicts: Set<Address>
  /** Actors that are not, or may not be, what this process took them for: the same, but at once. */
  mistaken: Set<Address>
  /** Actors that do not take what was handed to them here and now: the mailbox keeps it for them. */
  elsewhere: Set<Address>
  /** What an actor knew already. */
  duplicates: Set<Handed>
  /** What is not to be kept, because something that it demands does not hold. */
  refused: Map<Handed, AppError>
}

export interface Turn {
  /** Reads these actors and their mail, steps their machines through it and what is handed to them, commits everything at once. */
  take(batch: ReadonlyMap<Address, Ask>): Promise<Taken>
  /** Commits a draft made elsewhere (a birth); answers whose part of it was committed. */
  commit(draft: Draft): Promise<Set<Address>>
}

export function createTurn({ sql, context, projections, log, book, onCommitted }: TurnDeps): Turn {
  const turnInputs = createTurnInputs(sql, MAIL_PER_ACTOR)

  async function take(batch: ReadonlyMap<Address, Ask>): Promise<Taken> {
    const inputs = await turnInputs.find(batch)
    const taken: Taken = {
      more: new Set(),
      conflicts: new Set(),
      mistaken: new Set(),
      elsewhere: new Set(),
      duplicates: new Set(),
      refused: new Map(),
    }
    await parkSenseless(inputs, taken)
    const dead = undeliverable(inputs)
    if (dead.length > 0) await buryUndeliverable(sql, dead)

    const drafts = new Map<Address, Draft>()
    for (const [address, input] of inputs) {
      const draft = planOne(input, batch.get(address)?.handed ?? [], taken)
      if (draft && draft.changes.length > 0) drafts.set(address, draft)
      else if (input.actor?.seen.unread) {
        // Nothing would prove that what was refused by it is so.
        taken.mistaken.add(address)
        turnInputs.forget(address)
      }
    }
    if (drafts.size > 0) await commitDrafts(drafts, inputs, batch, taken)
    return taken
  }

  async function commitDrafts(
    drafts: Map<Address, Draft>,
    inputs: ReadonlyMap<Address, TurnInput>,
    batch: ReadonlyMap<Address, Ask>,
    taken: Taken,
  ): Promise<void> {
    const started = performance.now()
    const alone: Address[] = []
    const committed = await commitAll(drafts, inputs, batch, taken, alone)
    const durationMs = Math.round(performance.now() - started)
    log.debug({ actors: drafts.size, committed: committed.size, durationMs }, 'turn committed')

    for (const address of committed) {
      if (alone.includes(address) || (inputs.get(address)?.mail.length ?? 0) >= MAIL_PER_ACTOR) taken.more.add(address)
    }
    for (const address of drafts.keys()) {
      if (committed.has(address)) continue
      if (inputs.get(address)?.actor?.seen.unread) {
        taken.mistaken.add(address)
        turnInputs.correct(address)
      } else taken.conflicts.add(address)
    }
  }

  /** An actor at no revision can be neither moved nor born: it is out of service until somebody puts it right. */
  async function parkSenseless(inputs: Map<Address, TurnInput>, taken: Taken): Promise<void> {
    const senseless = [...inputs.values()].flatMap(({ actor }) =>
      actor && actor.revision < 1 && actor.status !== 'parked' ? [actor] : [],
    )
    for (const { address, revision, machineHash } of senseless) {
      log.error({ address, revision }, 'an actor stands at a revision that is none, parking it')
      await parkActor(sql, address, { message: `Its revision, ${revision}, is none`, hash: machineHash })
      inputs.delete(address)
      taken.elsewhere.add(address)
    }
  }

  function planOne({ actor, ...input }: TurnInput, handed: readonly Handed[], taken: Taken): Draft | undefined {
    if (!actor) {
      for (const one of handed) taken.refused.set(one, noSuchActor(one.message.to))
      return undefined
    }
    const { address } = actor
    const draft = emptyDraft()
    try {
      const fits = actor.status === 'active' && context.hosted.has(actor.kind) && input.mail.length < MAIL_PER_ACTOR
      const mail = fits ? withHanded(input, handed, taken) : input.mail
      planActor(draft, actor, mail, context)
      if (actor.seen.unread) draft.firsts = firstsOf(address, handed)
      if (!fits) refuseUnmet(actor, handed, taken)
      if (!fits || draft.changes.some((change) => change.status === 'parked')) taken.elsewhere.add(address)
      return draft
    } catch (error) {
      log.error({ error, address }, 'actor cannot be stepped, parking it')
      taken.elsewhere.add(address)
      return parking(actor, error)
    }
  }

  /** What its actor cannot take here and now is judged by what was read, before the mailbox gets it. */
  function refuseUnmet(actor: TurnActor, handed: readonly Handed[], { refused }: Taken): void {
    for (const one of handed) {
      const why = one.demand && refuseByReading(actor, one.message.event, one.demand, context.hosted.get(actor.kind))
      if (why) refused.set(one, why)
    }
  }

  function parking(actor: TurnActor, error: unknown): Draft {
    const draft = emptyDraft()
    planParking(draft, actor, context.hosted.get(actor.kind)?.hash ?? '', toErrorRecord(error).message)
    return draft
  }

  /** One commit for all; if Postgres refuses a value, each actor alone. Those that need another turn go to `alone`. */
  async function commitAll(
    drafts: Map<Address, Draft>,
    inputs: ReadonlyMap<Address, TurnInput>,
    batch: ReadonlyMap<Address, Ask>,
    taken: Taken,
    alone: Address[],
  ): Promise<Set<Address>> {
    try {
      return await commit(mergeDrafts([...drafts.values()]))
    } catch (error) {
      if (!isRefusedValue(error)) throw error
      const committed = new Set<Address>()
      for (const [address, draft] of drafts) {
        const done = await commit(draft).catch((refusal: unknown) => {
          const { actor, mail = [] } = inputs.get(address) ?? {}
          if (!isRefusedValue(refusal) || !actor) throw refusal
          // From the mailbox it can be laid aside, one message at a time.
          if ((batch.get(address)?.handed.length ?? 0) > 0) {
            taken.elsewhere.add(address)
            return new Set<Address>()
          }
          alone.push(address)
          return commitOne(actor, mail, refusal)
        })
        for (const one of done) committed.add(one)
      }
      return committed
    }
  }

  /** Finds the message at fault: the first one by itself, and if that is refused too it is a dead letter, and its actor goes on. */
  async function commitOne(actor: TurnActor, mail: readonly MailRow[], refusal: unknown): Promise<Set<Address>> {
    const [first] = mail
    if (first && mail.length > 1) {
      const draft = emptyDraft()
      planActor(draft, actor, [first], context)
      try {
        return await commit(draft)
      } catch (error) {
        if (!isRefusedValue(error)) throw error
      }
    }
    const { address } = actor
    if (isTakenRevision(refusal)) {
      log.error({ error: refusal, address }, 'an actor was set back to a revision that it had left, parking it')
      return commit(parking(actor, new Error(`Revision ${actor.revision + 1} is in its history already`)))
    }
    log.error({ error: refusal, address, message: first?.messageId }, 'postgres refuses what follows from a message')
    // Only mail can be laid aside: a timer or an outcome is the actor's own doing.
    if (first?.source !== 'mailbox') return commit(parking(actor, refusal))
    const draft = emptyDraft()
    planBurial(draft, actor, first, `what follows from it cannot be stored: ${toErrorRecord(refusal).message}`)
    return commit(draft)
  }

  async function commit(draft: Draft): Promise<Set<Address>> {
    const turn = await resolveTargets(sql, draft)
    const booking = book(turn.invocations.map((one) => one.effectId))
    const askedAt = performance.now()
    const result = await commitTurn(sql, turn, { projections, claim: booking }).catch(async (error: unknown) => {
      // Postgres said no, so there is nothing to give back.
      if (isRefusedValue(error) || isConflict(error)) await booking.begin([])
      else booking.lose()
      throw error
    })
    turnInputs.learn(turn.changes, result, askedAt)
    const { committed, claimed } = result
    const teams = new Map(turn.changes.map(({ address, team }) => [address, team]))
    await booking.begin(
      turn.invocations.flatMap(({ by: address, ...one }) =>
        claimed.has(one.effectId)
          ? [{ ...one, address, attempts: 1, interrupted: 0, team: teams.get(address) ?? 'default' }]
          : [],
      ),
    )
    onCommitted({
      addresses: [...committed],
      applied: turn.history.filter((entry) => committed.has(entry.address)),
      mailFor: [...new Set(turn.mail.filter((mail) => committed.has(mail.by)).map((mail) => mail.to))],
      invocations: turn.invocations.flatMap(({ by, effectId }) =>
        committed.has(by) && !claimed.has(effectId) ? [effectId] : [],
      ),
      withdrawn: turn.invocationsGone.filter((one) => committed.has(one.by)).map((one) => one.effectId),
      timers: turn.timers.flatMap(({ by: address, id, delayMs: inMs, target }) =>
        committed.has(address) ? [{ address, id, inMs, delivers: target !== null }] : [],
      ),
      timersGone: turn.timersGone.flatMap(({ by: address, id }) => (committed.has(address) ? [{ address, id }] : [])),
      emitted: turn.events.some((event) => committed.has(event.by)),
    })
    return committed
  }

  return { take, commit }
}

/** Actors that ended, or never were, with mail in their mailbox. */
function undeliverable(inputs: ReadonlyMap<Address, TurnInput>): Address[] {
  return [...inputs].flatMap(([address, { actor, mail }]) =>
    mail.length > 0 && actor?.status !== 'active' && actor?.status !== 'parked' ? [address] : [],
  )
}

/** Ids that their senders chose, which the actor may have taken before. */
function firstsOf(by: Address, handed: readonly Handed[]): TurnCommit['firsts'] {
  return handed.flatMap(({ named, message }) => (named ? [{ by, messageId: message.id }] : []))
}

/** Handed messages come after the waiting mail of their lane. */
function withHanded(
  { mail, known, now }: Pick<TurnInput, 'mail' | 'known' | 'now'>,
  handed: readonly Handed[],
  { duplicates, refused }: Pick<Taken, 'duplicates' | 'refused'>,
): Mail[] {
  const rows: Mail[] = [...mail]
  for (const one of handed) {
    const { to: address, id: messageId, lane, event, sender, cause } = one.message
    if (known.has(messageId)) {
      duplicates.add(one)
      continue
    }
    const place = rows.findIndex((row) => row.lane > lane)
    rows.splice(place < 0 ? rows.length : place, 0, {
      address,
      source: 'handed',
      ref: '',
      messageId,
      lane,
      event,
      sender,
      cause,
      // Its demand says whose it is.
      team: null,
      at: now,
      now,
      born: null,
      seen: false,
      repeats: () => duplicates.add(one),
      ...(one.demand === undefined ? {} : { demand: one.demand, refuse: (why: AppError) => refused.set(one, why) }),
    })
  }
  return rows
}

/** Puts addresses in place of system ids. Mail for an id that nobody has is a dead letter of its sender. */
async function resolveTargets(sql: Sql, draft: Draft): Promise<TurnCommit> {
  const wanted = [...draft.mail, ...draft.timers].flatMap(({ to, root }) =>
    to && 'systemId' in to ? [{ root, systemId: to.systemId }] : [],
  )
  const found = new Map<string, Address>()
  if (wanted.length > 0) {
    for (const row of await findBySystemId(sql, wanted)) found.set(`${row.root} ${row.systemId}`, row.address)
    for (const born of draft.changes) {
      if (born.before === 0 && born.systemId !== null) found.set(`${born.root} ${born.systemId}`, born.address)
    }
  }
  const addressOf = ({ to, root }: { to: Draft['timers'][number]['to']; root: Address }): Address | null => {
    if (!to) return null
    return 'address' in to
      ? to.address
      : (found.get(`${root} ${to.systemId}`) ?? `system/${to.systemId.replaceAll(/[^\w.-]/g, '_')}`)
  }
  return {
    ...draft,
    mail: draft.mail.map(({ to, root, ...mail }) => ({ ...mail, to: addressOf({ to, root }) ?? root })),
    timers: draft.timers.map(({ to, root, ...timer }) => ({ ...timer, target: addressOf({ to, root }) })),
  }
}
