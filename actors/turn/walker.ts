import type { Address } from '../../core/address.ts'
import type { Effect, StoredSnapshot } from '../../core/effect.ts'
import { AppError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import type { Lane, MachineEvent } from '../../core/message.ts'
import type { ActorRow } from '../../db/actors.ts'
import type { MailRow } from '../../db/mailbox.ts'
import type { ActorChange, HistoryRow } from '../../db/turn-commit.ts'
import type { Seen } from '../../db/turn-input.ts'
import type { HostedMachine } from '../../machines/host.ts'
import { firstStep, type Step } from '../../machines/step.ts'
import { toLogged } from '../work/logged.ts'
import type { Draft } from './draft.ts'

/** What planning needs to know of its host. */
export interface PlanContext {
  hosted: ReadonlyMap<string, HostedMachine>
  laneOf(kind: string, eventType: string): Lane
  newId(): string
}

/** One actor on its way through a turn. */
export interface Walker {
  hosted: HostedMachine
  actor: Pick<ActorRow, 'address' | 'kind' | 'key' | 'parent' | 'childId' | 'root' | 'systemId' | 'team'> & {
    seen: Seen | null
  }
  before: number
  revision: number
  snapshot: StoredSnapshot | null
  bornWith: Address | null
  /** Net effect on timers of this turn: armed, or gone. */
  timers: Map<string, Draft['timers'][number] | null>
}

/** What made an actor take a step. */
export interface Received {
  messageId: string
  event: MachineEvent
  sender: string | null
  cause: string | null
  acceptedAt: Date | null
}

/** The first step of an actor, and the births of the children that it starts with. */
export function beBorn(
  draft: Draft,
  actor: Walker['actor'],
  bornWith: Address | null,
  input: Json,
  at: Date,
  origin: { sender: string | null; cause: string | null },
  context: PlanContext,
): void {
  const hosted = context.hosted.get(actor.kind)
  if (!hosted) throw new AppError('machine.not_found', `No machine of kind "${actor.kind}" is registered`)
  const walker: Walker = { hosted, actor, before: 0, revision: 1, snapshot: null, bornWith, timers: new Map() }
  const stamped =
    hosted.stamped && typeof input === 'object' && input !== null && !Array.isArray(input)
      ? { ...input, at: at.getTime() }
      : input
  const result = firstStep(
    hosted,
    { address: actor.address, parent: actor.parent, childId: actor.childId, revision: 1 },
    stamped,
  )
  record(
    draft,
    walker,
    { messageId: 'xstate.init', event: { type: 'xstate.init', input: stamped }, ...origin, acceptedAt: null },
    result,
    at,
    context,
  )
  close(draft, walker)
}

/**
 * Writes a step into the history, and what it asks for into the draft. A sealed actor steps and asks for nothing. Answers
 * the history's new row.
 */
export function record(
  draft: Draft,
  walker: Walker,
  received: Received,
  result: Step,
  at: Date,
  context: PlanContext,
): HistoryRow {
  const { actor, hosted, snapshot: before } = walker
  const row: HistoryRow = {
    address: actor.address,
    revision: walker.revision,
    ...received,
    from: before?.value ?? null,
    to: result.snapshot.value,
    status: result.snapshot.status,
    effects: result.effects,
    handled: result.handled,
    machineHash: hosted.hash,
  }
  draft.history.push(row)
  walker.snapshot = result.snapshot
  if (hosted.sealed) return row
  // What a step causes has the cause of the step itself: everything can be traced to the event it began with.
  const cause = received.cause ?? `${actor.address}:${walker.revision}`
  for (const [index, effect] of result.effects.entries()) {
    if (!isLastWord(effect, received)) apply(draft, walker, effect, index, before, cause, at, context)
  }
  if (before?.status !== result.snapshot.status) tellParent(draft, walker, cause)
  return row
}

/** A child that has just told how it ended needs not be told to stop: it takes no mail any more. */
function isLastWord(effect: Effect, { event, sender }: Received): boolean {
  if (effect.type !== 'stop' || effect.address === null || effect.address !== sender) return false
  return event.type === `xstate.done.actor.${effect.id}` || event.type === `xstate.error.actor.${effect.id}`
}

/** Writes the walker's net result. */
export function close(draft: Draft, walker: Walker): void {
  const { address } = walker.actor
  if (!walker.snapshot) return
  draft.changes.push(changeOf(walker, walker.snapshot))
  const ended = walker.snapshot.status !== 'active'
  for (const [id, timer] of walker.timers) {
    if (timer && !ended) draft.timers.push(timer)
    else if (walker.before > 0) draft.timersGone.push({ by: address, id })
  }
  if (!ended) return
  draft.ended.push(address)
  draft.invocations = draft.invocations.filter(
    (invocation) => invocation.by !== address || invocation.kind === 'action',
  )
}

/** Lays a message aside as a dead letter. */
export function bury(draft: Draft, walker: Walker, row: MailRow, reason: string, error: Json): void {
  const { actor, revision, hosted } = walker
  draft.deadLetters.push({ ...letterOf(actor, row), reason, error, revision, machineHash: hosted.hash })
}

/** What a dead letter keeps of a message. */
export function letterOf({ address, team }: Pick<ActorRow, 'address' | 'team'>, row: MailRow) {
  const { messageId, event, lane, sender, cause } = row
  return { by: address, team, messageId, event, lane, sender, cause }
}

function apply(
  draft: Draft,
  walker: Walker,
  effect: Effect,
  index: number,
  before: StoredSnapshot | null,
  cause: string,
  at: Date,
  context: PlanContext,
): void {
  const { actor } = walker
  const by = actor.address
  const effectId = `${by}:${walker.revision}:${index}`
  switch (effect.type) {
    case 'send': {
      const kind = 'address' in effect.to ? effect.to.address.slice(0, effect.to.address.indexOf('/')) : ''
      const lane = context.laneOf(kind, effect.event.type)
      draft.mail.push({
        by,
        to: effect.to,
        root: actor.root,
        id: `sent:${effectId}`,
        event: effect.event,
        lane,
        sender: by,
        cause,
      })
      return
    }
    case 'timer': {
      const { id, delayMs, event, to } = effect
      walker.timers.set(id, {
        by,
        id,
        armed: `${walker.revision}.${index}`,
        delayMs,
        event,
        to,
        root: actor.root,
        cause,
      })
      return
    }
    case 'cancel':
      walker.timers.set(effect.id, null)
      return
    case 'invoke':
      draft.invocations.push({
        by,
        effectId,
        id: effect.id,
        born: `${walker.revision}.${index}`,
        kind: 'promise',
        src: effect.src,
        input: effect.input,
        cause,
      })
      return
    case 'action':
      draft.invocations.push({
        by,
        effectId,
        id: effect.name,
        born: `${walker.revision}.${index}`,
        kind: 'action',
        src: effect.name,
        input: effect.params,
        cause,
      })
      return
    case 'spawn': {
      const { kind, address } = effect
      const child = {
        address,
        kind,
        key: address.slice(kind.length + 1),
        parent: by,
        childId: effect.id,
        root: actor.root,
        systemId: effect.systemId,
        team: actor.team,
        seen: null,
      }
      // With whoever began it all: the children of an actor that exists already are not born a second time.
      const bornWith = walker.before > 0 ? by : (walker.bornWith ?? by)
      beBorn(draft, child, bornWith, effect.input, at, { sender: by, cause }, context)
      return
    }
    case 'stop': {
      const child = before?.children[effect.id]
      if (effect.address !== null) {
        const to = { address: effect.address }
        draft.mail.push({
          by,
          to,
          root: actor.root,
          id: `sent:${effectId}`,
          event: { type: 'xstate.stop' },
          lane: 1,
          sender: by,
          cause,
        })
      } else if (child) withdraw(draft, by, `${by}:${child.born.replace('.', ':')}`)
      return
    }
    case 'emit':
      draft.events.push(
        toLogged(effect.event, {
          id: context.newId(),
          by,
          team: actor.team,
          sourceId: `${walker.revision}.${index}`,
          cause,
        }),
      )
      return
    default:
      return effect satisfies never
  }
}

/** An invocation that was asked for and cancelled in the same turn never becomes a row. */
function withdraw(draft: Draft, by: Address, effectId: string): void {
  const asked = draft.invocations.findIndex((invocation) => invocation.effectId === effectId)
  if (asked >= 0) draft.invocations.splice(asked, 1)
  else draft.invocationsGone.push({ by, effectId })
}

function tellParent(draft: Draft, walker: Walker, cause: string): void {
  const { actor, snapshot } = walker
  if (!actor.parent || !actor.childId || (snapshot?.status !== 'done' && snapshot?.status !== 'error')) return
  const event: MachineEvent =
    snapshot.status === 'done'
      ? { type: `xstate.done.actor.${actor.childId}`, output: snapshot.output, actorId: actor.childId }
      : { type: `xstate.error.actor.${actor.childId}`, error: snapshot.error, actorId: actor.childId }
  const to = { address: actor.parent }
  draft.mail.push({
    by: actor.address,
    to,
    root: actor.root,
    id: `ended:${actor.address}`,
    event,
    lane: 1,
    sender: actor.address,
    cause,
  })
}

function changeOf({ actor, hosted, before, revision, bornWith }: Walker, snapshot: StoredSnapshot): ActorChange {
  return {
    ...actor,
    status: snapshot.status,
    before,
    after: revision,
    snapshot,
    json: JSON.stringify(snapshot),
    machineHash: hosted.hash,
    version: hosted.version,
    parked: null,
    bornWith,
  }
}
