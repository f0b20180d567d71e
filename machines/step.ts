import type { AnyActorRef, AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate'
import type { Address } from '../core/address.ts'
import type { Effect, StoredChild, StoredSnapshot, Target } from '../core/effect.ts'
import { AppError, toErrorRecord } from '../core/errors.ts'
import { toJson, type Json } from '../core/json.ts'
import type { MachineEvent } from '../core/message.ts'
import type { HostedMachine } from './host.ts'
import { actorAt, durableRef, type DurableRef } from './ref.ts'

/** Who steps: what a machine may know of its place in the world. */
export interface Identity {
  address: Address
  parent: Address | null
  /** The id under which the parent started it. */
  childId: string | null
  /** The revision that this step makes. */
  revision: number
}

export interface Step {
  snapshot: StoredSnapshot
  effects: Effect[]
  /** False when no state of the machine had a transition for the event. */
  handled: boolean
}

/**
 * The first step of an actor. A machine whose context or entry throws is born with status `error`, as in XState.
 */
export function firstStep(hosted: HostedMachine, identity: Identity, input: Json): Step {
  const scope = createScope(identity)
  const snapshot = hosted.inert.getInitialSnapshot(scope.asXState, revive(input, {}) as never) as AnyMachineSnapshot
  return finish(hosted, identity, scope, snapshot, {}, true)
}

/**
 * One macrostep: pure, and the same whether or not the process restarted since the last one, because it begins and
 * ends with what is stored. Throws `actor.step_failed` when a guard, an assign or an endless loop of microsteps throws.
 */
export function step(hosted: HostedMachine, identity: Identity, stored: StoredSnapshot, event: MachineEvent): Step {
  const scope = createScope(identity)
  const before = restore(hosted.inert, stored)
  let after: AnyMachineSnapshot
  try {
    after = hosted.inert.transition(before, revive(event, before.children) as EventObject, scope.asXState) as AnyMachineSnapshot
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('actor.step_failed', `${identity.address} cannot take "${event.type}": ${toErrorRecord(error).message}`, {
      cause: error,
      details: { address: identity.address, event: event.type },
    })
  }
  return finish(hosted, identity, scope, after, stored.children, after !== before)
}

/**
 * Rebuilds XState's snapshot, with history and references to children. Throws when the stored state does not exist
 * in the machine any more (a removed or renamed state): the caller parks the actor.
 */
export function restore(machine: AnyStateMachine, stored: StoredSnapshot): AnyMachineSnapshot {
  const snapshot = machine.restoreSnapshot(
    // The context is set below: XState would put `undefined` in place of references to children it did not build.
    { ...stored, context: {}, children: {} } as never,
    {} as never,
  ) as AnyMachineSnapshot
  const children: Record<string, AnyActorRef> = {}
  for (const [id, child] of Object.entries(stored.children)) children[id] = childRef(id, child)
  return Object.assign(snapshot, { children, context: revive(stored.context, children) })
}

function finish(
  hosted: HostedMachine,
  identity: Identity,
  scope: Scope,
  snapshot: AnyMachineSnapshot,
  known: StoredSnapshot['children'],
  handled: boolean,
): Step {
  const children = childrenOf(hosted, identity, snapshot, known)
  const effects: Effect[] = []
  // Births come first, so that a child exists before mail for it is written.
  for (const child of children.born) effects.push(child.effect)
  for (const action of scope.actions) effects.push(...toEffects(action, identity, children.addresses, effects.length))
  const active = snapshot.status === 'active'
  return {
    handled,
    effects,
    snapshot: {
      status: snapshot.status,
      value: toJson(snapshot.value),
      context: toJson(snapshot.context),
      tags: [...snapshot.tags].sort(),
      historyValue: storeHistory(snapshot.historyValue),
      children: active ? children.stored : {},
      output: toJson(snapshot.output),
      error: snapshot.status === 'error' ? toJson(toErrorOrValue(snapshot.error)) : null,
    },
  }
}

/** Tells the children that were there before from those that this step started. */
function childrenOf(hosted: HostedMachine, identity: Identity, snapshot: AnyMachineSnapshot, known: StoredSnapshot['children']) {
  const stored: StoredSnapshot['children'] = {}
  const addresses = new Map<unknown, Target | null>()
  const born: { effect: Effect }[] = []
  for (const ref of Object.values(snapshot.children as Record<string, AnyActorRef & { src?: unknown; options?: { input?: unknown } }>)) {
    if (!ref) continue
    const old = known[ref.id]
    if (isDurable(ref) && old) {
      stored[ref.id] = old
      continue
    }
    const logic = typeof ref.src === 'string' ? hosted.children.get(ref.src) : undefined
    if (typeof ref.src !== 'string' || !logic) {
      throw new AppError(
        'machine.unsupported_logic',
        `${identity.address} starts the child "${ref.id}" from logic without a name, so it could not be found again after a restart. ` +
          'Name it in setup({ actors }) and start it by that name.',
      )
    }
    const born_ = `${identity.revision}.${born.length}`
    const input = toJson(ref.options?.input)
    if (logic.type === 'promise') {
      stored[ref.id] = { src: ref.src, born: born_ }
      addresses.set(ref, null)
      born.push({ effect: { type: 'invoke', id: ref.id, src: ref.src, input } })
      continue
    }
    const address = childAddress(identity.address, logic.kind, born_)
    const systemId = (ref as { systemId?: string }).systemId
    stored[ref.id] = { src: ref.src, born: born_, address, ...(systemId === undefined ? {} : { systemId }) }
    addresses.set(ref, { address })
    born.push({ effect: { type: 'spawn', id: ref.id, src: ref.src, kind: logic.kind, address, input, systemId: systemId ?? null } })
  }
  return { stored, addresses, born }
}

/** `run/stb-doctor.17.0`: the first child that revision 17 of `agent/stb-doctor` started. */
function childAddress(parent: Address, kind: string, born: string): Address {
  return `${kind}/${parent.slice(parent.indexOf('/') + 1)}.${born}`
}

interface RecordedAction {
  type: string
  params: unknown
  exec: unknown
}

/** One XState action as effects of ours; builtins that only change the context have none. */
function toEffects(action: RecordedAction, identity: Identity, born: ReadonlyMap<unknown, Target | null>, index: number): Effect[] {
  const params = (action.params ?? {}) as Record<string, unknown>
  switch (action.type) {
    case 'xstate.raise': {
      if (typeof params['delay'] !== 'number') return []
      return timer(identity, index, params, null)
    }
    case 'xstate.sendTo': {
      const to = targetOf(params['to'], born)
      if (!to) return []
      if (typeof params['delay'] !== 'number') return [{ type: 'send', to, event: eventOf(params['event']) }]
      const toSelf = 'address' in to && to.address === identity.address
      return timer(identity, index, params, toSelf ? null : to)
    }
    case 'xstate.cancel':
      return [{ type: 'cancel', id: String(params['sendId']) }]
    case 'xstate.emit':
      return [{ type: 'emit', event: eventOf(params['event']) }]
    case 'xstate.stopChild': {
      const ref: unknown = action.params
      return isDurable(ref) ? [{ type: 'stop', id: ref.id, address: ref.address ?? null }] : []
    }
    case 'xstate.spawnChild':
    case 'xstate.log':
      return []
    default:
      return [{ type: 'action', name: action.type, params: toJson(action.params) }]
  }
}

function timer(identity: Identity, index: number, params: Record<string, unknown>, to: Target | null): Effect[] {
  const delay = params['delay'] as number
  if (Number.isNaN(delay)) throw new AppError('actor.step_failed', `${identity.address} asks for a delay that is not a number`)
  // XState never fires an infinite delay either.
  if (delay === Infinity) return []
  const id = typeof params['id'] === 'string' ? params['id'] : `${identity.revision}.${index}`
  return [{ type: 'timer', id, delayMs: Math.max(0, delay), event: eventOf(params['event']), to }]
}

function eventOf(event: unknown): MachineEvent {
  return toJson(event) as MachineEvent
}

/** Null: mail for an invocation or for a child that this very step stopped again, which nobody can read. */
function targetOf(ref: unknown, born: ReadonlyMap<unknown, Target | null>): Target | null {
  const fresh = born.get(ref)
  if (fresh !== undefined) return fresh
  if (!isDurable(ref)) return null
  if (ref.address !== undefined) return { address: ref.address }
  return ref.systemId === undefined ? null : { systemId: ref.systemId }
}

interface Scope {
  actions: RecordedAction[]
  asXState: never
}

/** What XState's interpreter normally provides, made of records: nothing runs, nothing is random. */
function createScope(identity: Identity): Scope {
  const actions: RecordedAction[] = []
  let booked = 0
  const system = {
    get: (systemId: string) => durableRef({ id: systemId, sessionId: systemId, systemId }),
    getAll: () => ({}),
    _bookId: () => `x:${identity.revision}.${booked++}`,
    _register: (sessionId: string) => sessionId,
    _unregister: () => undefined,
    _set: () => undefined,
    _relay: () => undefined,
    _sendInspectionEvent: () => undefined,
    _snapshot: { _scheduledEvents: {} },
    _logger: () => undefined,
    scheduler: { schedule: () => undefined, cancel: () => undefined, cancelAll: () => undefined },
    inspect: () => ({ unsubscribe: () => undefined }),
    getSnapshot: () => ({ _scheduledEvents: {} }),
    start: () => undefined,
  }
  const self = durableRef({
    id: identity.childId ?? identity.address,
    sessionId: identity.address,
    address: identity.address,
    system,
    ...(identity.parent === null ? {} : { _parent: actorAt(identity.parent) }),
  })
  const scope = {
    self,
    id: identity.address,
    sessionId: identity.address,
    system,
    logger: () => undefined,
    defer: () => undefined,
    stopChild: () => undefined,
    emit: () => undefined,
    actionExecutor: (action: RecordedAction) => void actions.push(action),
  }
  return { actions, asXState: scope as never }
}

function childRef(id: string, child: StoredChild): AnyActorRef {
  return durableRef({
    id,
    sessionId: child.address ?? id,
    src: child.src,
    ...(child.address === undefined ? {} : { address: child.address }),
    ...(child.systemId === undefined ? {} : { systemId: child.systemId }),
  })
}

function isDurable(ref: unknown): ref is DurableRef {
  return typeof ref === 'object' && ref !== null && 'durable' in ref && ref.durable === true
}

/** Puts references back where their records stand; leaves JSON without any untouched, and never changes its argument. */
function revive(value: Json | MachineEvent, children: Record<string, AnyActorRef>): unknown {
  if (typeof value !== 'object' || value === null) return value
  const text = JSON.stringify(value)
  if (!text.includes('"xstate$$type"')) return value
  return JSON.parse(text, (_key, member: unknown) => {
    if (typeof member !== 'object' || member === null || !('xstate$$type' in member) || !('id' in member)) return member
    const id = String(member.id)
    return children[id] ?? ('address' in member && typeof member.address === 'string' ? actorAt(member.address) : member)
  })
}

function storeHistory(historyValue: AnyMachineSnapshot['historyValue']): StoredSnapshot['historyValue'] {
  const stored: StoredSnapshot['historyValue'] = {}
  for (const [id, nodes] of Object.entries(historyValue ?? {})) stored[id] = nodes.map((node: { id: string }) => ({ id: node.id }))
  return stored
}

function toErrorOrValue(error: unknown): unknown {
  return error instanceof Error ? toErrorRecord(error) : error
}
