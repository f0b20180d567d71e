import type { Address } from '../core/address.ts'
import type { Effect, StoredSnapshot } from '../core/effect.ts'
import { AppError, toErrorRecord } from '../core/errors.ts'
import { isReservedType } from '../core/event.ts'
import { type Json, toJson } from '../core/json.ts'
import type { Lane, MachineEvent } from '../core/message.ts'
import type { ActorRow } from '../db/actors.ts'
import type { MailRow } from '../db/mailbox.ts'
import type { ActorChange } from '../db/turns.ts'
import type { HostedMachine } from '../machines/host.ts'
import { firstStep, type Step, step } from '../machines/step.ts'
import { type Demand, refuseBefore, refuseUnhandled } from './demand.ts'
import { type Draft, isEmpty } from './draft.ts'
import { toLogged } from './logged.ts'
import { adopt, migrationId } from './migration.ts'

/** What planning needs to know of its host. */
export interface PlanContext {
  hosted: ReadonlyMap<string, HostedMachine>
  laneOf(kind: string, eventType: string): Lane
  newId(): string
}

/** Mail for a turn; some of it wants something to hold (`demand`), and `refuse` hears when it does not. */
export type Mail = MailRow & { demand?: Demand; refuse?: (why: AppError) => void }

/** One actor on its way through a turn. */
interface Walker {
  hosted: HostedMachine
  actor: Pick<ActorRow, 'address' | 'kind' | 'key' | 'parent' | 'childId' | 'root' | 'systemId' | 'team'>
  before: number
  revision: number
  snapshot: StoredSnapshot | null
  bornWith: Address | null
  /** Net effect on timers of this turn: armed, or gone. */
  timers: Map<string, Draft['timers'][number] | null>
}

/**
 * Steps one actor through its waiting mail and writes what follows into the draft. Pure: the same actor and mail
 * always give the same draft, so a turn that is cut off before its commit is simply planned again.
 */
export function planActor(draft: Draft, actor: ActorRow, mail: readonly Mail[], context: PlanContext): void {
  const hosted = context.hosted.get(actor.kind)
  // Without the machine the mail waits for a worker that has it.
  if (!hosted || actor.status !== 'active' || mail.length === 0) return
  const adoption = adopt(hosted, actor)
  if (adoption.how === 'misfit') return planParking(draft, actor, hosted.hash, adoption.reason)
  const walker: Walker = {
    hosted,
    actor,
    before: actor.revision,
    revision: actor.revision,
    snapshot: actor.snapshot,
    bornWith: null,
    timers: new Map(),
  }
  if (adoption.how === 'migrated') {
    walker.revision += 1
    const received = {
      messageId: migrationId(walker.revision),
      event: adoption.event,
      sender: null,
      cause: null,
      acceptedAt: null,
    }
    const result = { snapshot: adoption.snapshot, effects: [], handled: true }
    record(draft, walker, received, result, mail[0]?.now ?? actor.updatedAt, context)
  }
  for (const row of mail) {
    if (!consume(draft, walker, row)) continue
    const refusal = refusalOf(walker, row) ?? takeMessage(draft, walker, row, context)
    if (refusal) row.refuse?.(refusal)
  }
  if (!isEmpty(draft)) close(draft, walker)
}

/** Plans the birth of an actor that a caller asked for; its children are born with it. */
export function planBirth(
  draft: Draft,
  actor: Walker['actor'],
  input: Json,
  at: Date,
  cause: { sender: string | null; cause: string | null },
  context: PlanContext,
): void {
  beBorn(draft, actor, null, input, at, cause, context)
}

/** Takes an actor out of service with the reason; nothing else changes, its mail waits. */
export function planParking(draft: Draft, actor: ActorRow, hash: string, message: string): void {
  draft.changes.push({
    ...actor,
    snapshot: stateOf(actor),
    status: 'parked',
    parked: { message, hash },
    before: actor.revision,
    after: actor.revision,
    bornWith: null,
  })
}

/** Its state as it is stored. A row that somebody emptied by hand has none, and can be parked all the same. */
function stateOf({ snapshot }: { snapshot: StoredSnapshot | null }): StoredSnapshot {
  const empty = { value: null, context: null, tags: [], historyValue: {}, children: {}, output: null, error: null }
  return snapshot ?? { ...empty, status: 'error' }
}

/** Lays a message aside that no commit can hold (a value that Postgres refuses); the actor stays as it was. */
export function planBurial(draft: Draft, actor: ActorRow, row: MailRow, reason: string): void {
  draft.consumed.push({ by: actor.address, mailboxId: row.ref })
  draft.changes.push({ ...actor, parked: null, before: actor.revision, after: actor.revision, bornWith: null })
  draft.deadLetters.push({
    ...letterOf(actor, row),
    reason,
    error: null,
    revision: actor.revision,
    machineHash: actor.machineHash,
  })
}

function letterOf({ address, team }: Pick<ActorRow, 'address' | 'team'>, row: MailRow) {
  const { messageId, event, lane, sender, cause } = row
  return { by: address, team, messageId, event, lane, sender, cause }
}

/** Marks the mail as consumed. False: it is of no use any more (applied before, cancelled, from a former child). */
function consume(draft: Draft, walker: Walker, row: MailRow): boolean {
  const { address } = walker.actor
  const children = new Map(Object.entries(walker.snapshot?.children ?? {}))
  switch (row.source) {
    case 'timer': {
      // Cancelled or armed anew by a message of this same turn.
      if (walker.timers.has(row.ref)) return false
      walker.timers.set(row.ref, null)
      return true
    }
    case 'invocation':
      draft.invocationsGone.push({ by: address, effectId: row.ref })
      return [...children.values()].some((child) => child.born === row.born)
    case 'handed':
      return true
    case 'mailbox': {
      draft.consumed.push({ by: address, mailboxId: row.ref })
      if (row.seen) return false
      const child = /^xstate\.(?:done|error)\.actor\.(.*)$/s.exec(row.event.type)?.[1]
      return child === undefined || children.get(child)?.address === row.sender
    }
    default:
      return row.source satisfies never
  }
}

function refusalOf({ actor, revision, snapshot }: Walker, { demand, event }: Mail): AppError | undefined {
  if (!demand || !snapshot) return undefined
  return refuseBefore({ ...actor, revision, snapshot, status: snapshot.status, parked: null }, event.type, demand)
}

/** Answers why the message is refused, if it is; then nothing of it is left in the draft. */
function takeMessage(draft: Draft, walker: Walker, row: Mail, context: PlanContext): AppError | undefined {
  const { actor, hosted } = walker
  const event = stamp(hosted, row.event, row.now)
  const snapshot = walker.snapshot
  if (!snapshot || snapshot.status !== 'active') {
    // Its own timers and what the runtime tells it end with it, as in XState.
    if ((row.source === 'mailbox' || row.source === 'handed') && !isReservedType(row.event.type))
      bury(draft, walker, row, `the actor has ended (${snapshot?.status ?? 'unborn'})`, null)
    return undefined
  }
  walker.revision += 1
  let result: Step
  try {
    result = step(
      hosted,
      { address: actor.address, parent: actor.parent, childId: actor.childId, revision: walker.revision },
      snapshot,
      event,
    )
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (row.demand?.handled) {
      walker.revision -= 1
      return error
    }
    bury(draft, walker, row, error.message, toJson(toErrorRecord(error.cause ?? error)))
    result = { snapshot, effects: [], handled: false }
  }
  if (row.demand?.handled && !result.handled) {
    walker.revision -= 1
    return refuseUnhandled(
      { ...actor, revision: walker.revision, snapshot, status: 'active', parked: null },
      event.type,
      hosted,
    )
  }
  record(
    draft,
    walker,
    { messageId: row.messageId, event, sender: row.sender, cause: row.cause, acceptedAt: row.at },
    result,
    row.now,
    context,
  )
  return undefined
}

function beBorn(
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

interface Received {
  messageId: string
  event: MachineEvent
  sender: string | null
  cause: string | null
  acceptedAt: Date | null
}

function record(draft: Draft, walker: Walker, received: Received, result: Step, at: Date, context: PlanContext): void {
  const { actor, hosted, snapshot: before } = walker
  draft.history.push({
    address: actor.address,
    revision: walker.revision,
    ...received,
    from: before?.value ?? null,
    to: result.snapshot.value,
    status: result.snapshot.status,
    effects: result.effects,
    handled: result.handled,
    machineHash: hosted.hash,
  })
  walker.snapshot = result.snapshot
  if (hosted.sealed) return
  // What a step causes has the cause of the step itself: everything can be traced to the event it began with.
  const cause = received.cause ?? `${actor.address}:${walker.revision}`
  for (const [index, effect] of result.effects.entries())
    apply(draft, walker, effect, index, before, cause, at, context)
  if (before?.status !== result.snapshot.status) tellParent(draft, walker, cause)
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

function bury(draft: Draft, walker: Walker, row: MailRow, reason: string, error: Json): void {
  const { actor, revision, hosted } = walker
  draft.deadLetters.push({ ...letterOf(actor, row), reason, error, revision, machineHash: hosted.hash })
}

/** Writes the walker's net result. */
function close(draft: Draft, walker: Walker): void {
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

function changeOf({ actor, hosted, before, revision, bornWith }: Walker, snapshot: StoredSnapshot): ActorChange {
  return {
    ...actor,
    status: snapshot.status,
    before,
    after: revision,
    snapshot,
    machineHash: hosted.hash,
    version: hosted.version,
    parked: null,
    bornWith,
  }
}

function stamp(hosted: HostedMachine, event: MachineEvent, now: Date): MachineEvent {
  return hosted.stamped ? { ...event, at: now.getTime() } : event
}
