import type { Address } from '../../core/address.ts'
import { type AppError, toErrorRecord } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { parkActor } from '../../db/actors.ts'
import { isRefusedValue, isTakenRevision } from '../../db/client.ts'
import { buryUndeliverable } from '../../db/dead-letters.ts'
import type { MailRow } from '../../db/mailbox.ts'
import type { HistoryRow, TurnCommit } from '../../db/turn-commit.ts'
import type { TurnActor, TurnInput } from '../../db/turn-input.ts'
import { type Commit, type CommitDeps, createCommit } from './commit.ts'
import { noSuchActor, refuseByReading } from './demand.ts'
import { type Draft, emptyDraft, mergeDrafts } from './draft.ts'
import { type Mail, planActor, planBurial, planParking } from './plan.ts'
import { type Ask, createTurnInputs, type Handed } from './turn-inputs.ts'
import type { PlanContext } from './walker.ts'

/** Mail one actor takes in one turn. */
const MAIL_PER_ACTOR = 64

export interface TurnDeps extends Omit<CommitDeps, 'onWritten'> {
  context: PlanContext
  log: Log
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
  /** What came of a message: no more than a plan, until its actor is committed. */
  applied: Map<Handed, HistoryRow>
  /** What an actor knew already. */
  duplicates: Set<Handed>
  /** What is not to be kept, because something that it demands does not hold. */
  refused: Map<Handed, AppError>
}

export interface Turn {
  /** Reads these actors and their mail, steps their machines through it and what is handed to them, commits everything at once. */
  take(batch: ReadonlyMap<Address, Ask>): Promise<Taken>
  /** Commits a draft made elsewhere (a birth); answers whose part of it was committed. */
  commit: Commit
}

export function createTurn({ context, log, ...deps }: TurnDeps): Turn {
  const { sql } = deps
  const turnInputs = createTurnInputs(sql, MAIL_PER_ACTOR)
  const commit = createCommit({ ...deps, onWritten: turnInputs.learn })

  async function take(batch: ReadonlyMap<Address, Ask>): Promise<Taken> {
    const inputs = await turnInputs.find(batch)
    const taken: Taken = {
      more: new Set(),
      conflicts: new Set(),
      mistaken: new Set(),
      elsewhere: new Set(),
      applied: new Map(),
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
      if (!fits) refuseUnmet(actor, input.now, handed, taken)
      if (!fits || draft.changes.some((change) => change.status === 'parked')) taken.elsewhere.add(address)
      return draft
    } catch (error) {
      log.error({ error, address }, 'actor cannot be stepped, parking it')
      taken.elsewhere.add(address)
      return parking(actor, error)
    }
  }

  /** What its actor cannot take here and now is judged by what was read, before the mailbox gets it. */
  function refuseUnmet(actor: TurnActor, now: Date, handed: readonly Handed[], { refused }: Taken): void {
    const hosted = context.hosted.get(actor.kind)
    for (const one of handed) {
      const { demand, message } = one
      const why = demand && refuseByReading(actor, { event: message.event, demand, now }, hosted)
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
  { applied, duplicates, refused }: Pick<Taken, 'applied' | 'duplicates' | 'refused'>,
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
      takes: (row) => applied.set(one, row),
      repeats: () => duplicates.add(one),
      ...(one.demand === undefined ? {} : { demand: one.demand, refuse: (why: AppError) => refused.set(one, why) }),
    })
  }
  return rows
}
