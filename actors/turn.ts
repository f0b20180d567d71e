import type { Address } from '../core/address.ts'
import { toErrorRecord } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { type ActorRow, findActors, findBySystemId } from '../db/actors.ts'
import { isRefusedValue, type Sql } from '../db/client.ts'
import { buryUndeliverable } from '../db/dead-letters.ts'
import { type MailRow, readMail } from '../db/mailbox.ts'
import { commitTurn, type HistoryRow, type Projection, type TurnCommit } from '../db/turns.ts'
import { type Draft, emptyDraft, mergeDrafts } from './draft.ts'
import { type PlanContext, planActor, planBurial, planParking } from './plan.ts'

/** Mail one actor takes in one turn. */
const MAIL_PER_ACTOR = 64

/** What a committed turn leaves to be carried on. */
export interface Committed {
  addresses: Address[]
  applied: HistoryRow[]
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

/** What is left of a turn: actors that have more mail, and those that moved meanwhile and are to be taken again. */
export interface Taken {
  more: Set<Address>
  conflicts: Set<Address>
}

export interface Turn {
  /** Reads these actors and their mail, steps their machines, commits everything at once. */
  take(addresses: readonly Address[]): Promise<Taken>
  /** Commits a draft made elsewhere (a birth); answers whose part of it was committed. */
  commit(draft: Draft): Promise<Set<Address>>
}

export function createTurn({ sql, context, projections, log, onCommitted }: TurnDeps): Turn {
  async function take(addresses: readonly Address[]): Promise<Taken> {
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
    const alone: Address[] = []
    const committed = await commitAll(drafts, actors, mail, alone)
    const durationMs = Math.round(performance.now() - started)
    log.debug({ actors: drafts.size, committed: committed.size, durationMs }, 'turn committed')

    return {
      more: new Set(
        [...committed].filter((one) => alone.includes(one) || (mail.get(one)?.length ?? 0) >= MAIL_PER_ACTOR),
      ),
      conflicts: new Set([...drafts.keys()].filter((address) => !committed.has(address))),
    }
  }

  function parking(actor: ActorRow, error: unknown): Draft {
    const draft = emptyDraft()
    planParking(draft, actor, context.hosted.get(actor.kind)?.hash ?? '', toErrorRecord(error).message)
    return draft
  }

  /** One commit for all; if Postgres refuses a value, each actor alone. Those that need another turn go to `alone`. */
  async function commitAll(
    drafts: Map<Address, Draft>,
    actors: ReadonlyMap<Address, ActorRow>,
    mail: ReadonlyMap<Address, MailRow[]>,
    alone: Address[],
  ): Promise<Set<Address>> {
    try {
      return await commit(mergeDrafts([...drafts.values()]))
    } catch (error) {
      if (!isRefusedValue(error)) throw error
      const committed = new Set<Address>()
      for (const [address, draft] of drafts) {
        const done = await commit(draft).catch((refusal: unknown) => {
          const actor = actors.get(address)
          if (!isRefusedValue(refusal) || !actor) throw refusal
          alone.push(address)
          return commitOne(actor, mail.get(address) ?? [], refusal)
        })
        for (const one of done) committed.add(one)
      }
      return committed
    }
  }

  /** Finds the message at fault: the first one by itself, and if that is refused too it is a dead letter, and its actor goes on. */
  async function commitOne(actor: ActorRow, mail: readonly MailRow[], refusal: unknown): Promise<Set<Address>> {
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
    log.error({ error: refusal, address, message: first?.messageId }, 'postgres refuses what follows from a message')
    // Only mail can be laid aside: a timer or an outcome is the actor's own doing.
    if (first?.source !== 'mailbox') return commit(parking(actor, refusal))
    const draft = emptyDraft()
    planBurial(draft, actor, first, `what follows from it cannot be stored: ${toErrorRecord(refusal).message}`)
    return commit(draft)
  }

  async function commit(draft: Draft): Promise<Set<Address>> {
    const turn = await resolveTargets(sql, draft)
    const committed = await commitTurn(sql, turn, projections)
    onCommitted({
      addresses: [...committed],
      applied: turn.history.filter((entry) => committed.has(entry.address)),
      mailFor: [...new Set(turn.mail.filter((mail) => committed.has(mail.by)).map((mail) => mail.to))],
      invocations: turn.invocations.filter((one) => committed.has(one.by)).map((one) => one.effectId),
      withdrawn: turn.invocationsGone.filter((one) => committed.has(one.by)).map((one) => one.effectId),
      timersIn: turn.timers.reduce<number | undefined>(
        (first, timer) => Math.min(first ?? Infinity, timer.delayMs),
        undefined,
      ),
      emitted: turn.events.some((event) => committed.has(event.by)),
    })
    return committed
  }

  return { take, commit }
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
