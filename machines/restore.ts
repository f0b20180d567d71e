import type { AnyActorRef, AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import type { StoredChild, StoredSnapshot } from '../core/effect.ts'
import type { Json } from '../core/json.ts'
import type { MachineEvent } from '../core/message.ts'
import { actorAt, durableRef } from './ref.ts'

/** References to living children, by id. */
export type ChildRefs = ReadonlyMap<string, AnyActorRef>

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
  const refs = childRefs(stored)
  return Object.assign(snapshot, { children: Object.fromEntries(refs), context: revive(stored.context, refs) })
}

export function childRefs(stored: StoredSnapshot): ChildRefs {
  return new Map(Object.entries(stored.children).map(([id, child]) => [id, childRef(id, child)]))
}

function childRef(id: string, child: StoredChild): AnyActorRef {
  const { src, address, systemId } = child
  return durableRef({
    id,
    sessionId: address ?? id,
    src,
    ...(address ? { address } : {}),
    ...(systemId ? { systemId } : {}),
  })
}

/** Puts references back where their records stand; leaves JSON without any untouched, and never changes its argument. */
export function revive(value: Json | MachineEvent, children: ChildRefs): unknown {
  if (typeof value !== 'object' || value === null) return value
  const text = JSON.stringify(value)
  if (!text.includes('"xstate$$type"')) return value
  return JSON.parse(text, (_key, member: unknown) => reference(member, children) ?? member)
}

/** An address is unique in the world, an id only among the children of one actor: the address decides. */
function reference(member: unknown, children: ChildRefs): AnyActorRef | undefined {
  if (typeof member !== 'object' || member === null || !('xstate$$type' in member) || !('id' in member))
    return undefined
  const child = children.get(String(member.id))
  if (!('address' in member) || typeof member.address !== 'string') return child
  return child && 'address' in child && child.address === member.address ? child : actorAt(member.address)
}
