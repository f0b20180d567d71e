import { createHash } from 'node:crypto'
import type { AnyActorRef, AnyMachineSnapshot, EventObject } from 'xstate'
import type { Address } from '../core/address.ts'
import type { Effect, StoredSnapshot, Target } from '../core/effect.ts'
import { AppError, toErrorRecord } from '../core/errors.ts'
import { type Json, toJson } from '../core/json.ts'
import type { MachineEvent } from '../core/message.ts'
import { type Newborn, toEffects } from './effects.ts'
import type { HostedMachine } from './host.ts'
import { isDurable } from './ref.ts'
import { childRefs, restore, revive } from './restore.ts'
import { createScope, type Identity, type Scope } from './scope.ts'

export interface Step {
  snapshot: StoredSnapshot
  effects: Effect[]
  /** False when no state of the machine had a transition for the event. */
  handled: boolean
}

const NO_CHILDREN: StoredSnapshot['children'] = {}

/**
 * The first step of an actor. A machine whose context or entry throws is born with status `error` and asks for
 * nothing, as in XState. Null stands for "no input".
 */
export function firstStep(hosted: HostedMachine, identity: Identity, input: Json): Step {
  const scope = createScope(identity)
  const given = revive(input, new Map()) ?? undefined
  const snapshot = hosted.inert.getInitialSnapshot(scope.asXState, given) as AnyMachineSnapshot
  try {
    return finish(hosted, identity, scope, snapshot, NO_CHILDREN, true)
  } catch (error) {
    return { handled: true, effects: [], snapshot: stillborn(snapshot, error) }
  }
}

/**
 * One macrostep: pure, and the same whether or not the process restarted since the last one, because it begins and
 * ends with what is stored. Throws `actor.step_failed` when a guard, an assign or an endless loop of microsteps
 * throws, or when the outcome cannot be stored.
 */
export function step(hosted: HostedMachine, identity: Identity, stored: StoredSnapshot, event: MachineEvent): Step {
  const scope = createScope(identity)
  const before = restore(hosted.inert, stored)
  try {
    const revived = revive(event, childRefs(stored)) as EventObject
    const after = hosted.inert.transition(before, revived, scope.asXState) as AnyMachineSnapshot
    // An action alone leaves the same snapshot, and a transition may even have none.
    const handled =
      after !== before || scope.actions.length > 0 || hosted.inert.getTransitionData(before, revived).length > 0
    return finish(hosted, identity, scope, after, stored.children, handled)
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError(
      'actor.step_failed',
      `${identity.address} cannot take "${event.type}": ${toErrorRecord(error).message}`,
      {
        cause: error,
        details: { address: identity.address, event: event.type },
      },
    )
  }
}

function finish(
  hosted: HostedMachine,
  identity: Identity,
  scope: Scope,
  snapshot: AnyMachineSnapshot,
  known: StoredSnapshot['children'],
  handled: boolean,
): Step {
  const failedAtBirth = identity.revision === 1 && snapshot.status === 'error'
  const actions = failedAtBirth ? [] : scope.actions
  const children = childrenOf(hosted, identity, snapshot, actions, known)
  // Births come first, so that a child exists before mail for it is written.
  const effects = children.births
  for (const action of actions)
    effects.push(...toEffects(action, effects.length, { identity, known, born: children.targets }))
  return {
    handled,
    effects,
    snapshot: {
      status: snapshot.status,
      value: toJson(snapshot.value),
      context: toJson(snapshot.context),
      tags: [...snapshot.tags].sort(),
      historyValue: storeHistory(snapshot.historyValue),
      children: children.stored,
      output: toJson(snapshot.output),
      error: snapshot.status === 'error' ? storeError(snapshot.error) : null,
    },
  }
}

type ChildRef = AnyActorRef & { src?: unknown; systemId?: string; options?: { input?: unknown } }

interface Children {
  stored: StoredSnapshot['children']
  births: Effect[]
  targets: Newborn
}

/** Tells the children that were there before from those that this step started. Whoever has ended starts none. */
function childrenOf(
  hosted: HostedMachine,
  identity: Identity,
  snapshot: AnyMachineSnapshot,
  actions: Scope['actions'],
  known: StoredSnapshot['children'],
): Children {
  const stored: [string, StoredSnapshot['children'][string]][] = []
  const targets = new Map<unknown, Target | null>()
  const births: Effect[] = []
  for (const ref of snapshot.status === 'active' ? living(snapshot, actions) : []) {
    const old = isDurable(ref) && Object.hasOwn(known, ref.id) ? known[ref.id] : undefined
    if (old) {
      stored.push([ref.id, old])
      continue
    }
    const { src } = ref
    const logic = typeof src === 'string' ? hosted.children.get(src) : undefined
    if (typeof src !== 'string' || !logic) throw withoutName(identity, ref.id)
    const born = `${identity.revision}.${births.length}`
    const input = toJson(ref.options?.input)
    if (logic.type === 'promise') {
      stored.push([ref.id, { src, born }])
      targets.set(ref, null)
      births.push({ type: 'invoke', id: ref.id, src, input })
      continue
    }
    const address = childAddress(identity.address, logic.kind, born)
    const { systemId } = ref
    stored.push([ref.id, { src, born, address, ...(systemId === undefined ? {} : { systemId }) }])
    targets.set(ref, { address })
    births.push({ type: 'spawn', id: ref.id, src, kind: logic.kind, address, input, systemId: systemId ?? null })
    // XState writes the id alone. With the address, whoever is sent this reference can answer.
    Object.assign(ref, { toJSON: () => ({ xstate$$type: 1, id: ref.id, address }) })
  }
  return { stored: Object.fromEntries(stored), births, targets }
}

/** XState files all children that were spawned without an id under the same name, where the last one hides the others. */
function living(snapshot: AnyMachineSnapshot, actions: Scope['actions']): Set<ChildRef> {
  const refs = new Set(
    Object.values(snapshot.children as Record<string, ChildRef | undefined>).filter((ref) => ref !== undefined),
  )
  for (const { type, params } of actions) {
    const { id, actorRef } = (params ?? {}) as { id?: unknown; actorRef?: ChildRef }
    if (type === 'xstate.spawnChild' && id === undefined && actorRef) refs.add(actorRef)
    if (type === 'xstate.stopChild') refs.delete(params as ChildRef)
  }
  return refs
}

function withoutName(identity: Identity, id: string): AppError {
  return new AppError(
    'machine.unsupported_logic',
    `${identity.address} starts the child "${id}" from logic without a name, so it could not be found again after a restart. ` +
      'Name it in setup({ actors }) and start it by that name.',
  )
}

const LONGEST_KEY = 200

/**
 * `run/agent.stb-doctor.17.0`: the first child that revision 17 of `agent/stb-doctor` started. The parent's kind is in
 * it because two parents of different kinds may have one key.
 */
export function childAddress(parent: Address, kind: string, born: string): Address {
  const key = `${parent.replace('/', '.')}.${born}`
  if (key.length <= LONGEST_KEY) return `${kind}/${key}`
  return `${kind}/${createHash('sha256').update(parent).digest('hex').slice(0, 32)}.${born}`
}

function storeHistory(historyValue: AnyMachineSnapshot['historyValue']): StoredSnapshot['historyValue'] {
  return Object.fromEntries(
    Object.entries(historyValue ?? {}).map(([id, nodes]) => [
      id,
      nodes.map((node: { id: string }) => ({ id: node.id })),
    ]),
  )
}

function storeError(error: unknown): Json {
  return toJson(error instanceof Error ? toErrorRecord(error) : error)
}

function stillborn(snapshot: AnyMachineSnapshot, error: unknown): StoredSnapshot {
  const nothing = { context: {}, tags: [], historyValue: {}, children: {}, output: null }
  return { ...nothing, status: 'error', value: toJson(snapshot.value), error: storeError(error) }
}
