import type { AnyMachineSnapshot, AnyStateNode } from 'xstate'
import type { StoredSnapshot } from '../core/effect.ts'
import { nameGuard } from './describe-names.ts'
import type { HostedMachine } from './host.ts'
import { restore } from './restore.ts'

/** What a machine would do with an event of a type, asked without taking a step. */
export interface Probe {
  type: string
  /** Null: it depends on what the event carries, and a bare one does not say enough for a guard to answer. */
  accepted: boolean | null
  /** False where the machine takes the event and stays as it is: no state is left or entered, no action follows. */
  changes: boolean
  /** Names of the guards that stand in its way, as the machine's author named them. */
  guards: string[]
  /** What guards looked for in the event besides its type: with other data the answer may be another one. */
  dependsOn: string[]
  /** Ids of edges of `describe()`: those it would take, or those whose guards refuse. */
  edges: string[]
}

type Transition = NonNullable<AnyStateNode['always']>[number]

/**
 * Asks a machine in a stored state what it would do with a bare event of each type. Pure. Guards are evaluated, actions
 * are not; an event of real data may be judged differently, and `dependsOn` says where.
 */
export function probe(hosted: HostedMachine, stored: StoredSnapshot, types: readonly string[], at: number): Probe[] {
  const snapshot = restore(hosted.inert, stored)
  return types.map((type) => probeOne(hosted, snapshot, type, at))
}

function probeOne(hosted: HostedMachine, snapshot: AnyMachineSnapshot, type: string, at: number): Probe {
  const asked = new Set<string>()
  const event = watched(hosted.stamped ? { type, at } : { type }, asked)
  let enabled: Transition[] = []
  let undecided = false
  try {
    enabled = hosted.inert.getTransitionData(snapshot, event)
  } catch {
    // A guard that looks into data which a bare event does not have.
    undecided = true
  }
  const found = enabled.length > 0 ? enabled : candidates(snapshot, type)
  // A guard that looked for data in vain may say something else of an event that brings it.
  const unsure = undecided || (asked.size > 0 && found.every((transition) => transition.guard !== undefined))
  const accepted = found.length > 0 && unsure ? null : enabled.length > 0
  return {
    type,
    accepted,
    changes: found.some((transition) => (transition.target?.length ?? 0) > 0 || transition.actions.length > 0),
    guards: accepted ? [] : unique(found.flatMap((transition) => nameGuard(transition.guard) ?? [])),
    dependsOn: [...asked].sort(),
    edges: unique(found.map(edgeId)),
  }
}

/** Notes what is asked of an event besides its type and its time. */
function watched(event: { type: string; at?: number }, asked: Set<string>): { type: string } {
  const note = (key: string | symbol): void => {
    if (typeof key === 'string' && !(key in event)) asked.add(key)
  }
  return new Proxy(event, {
    get(target, key, receiver) {
      note(key)
      return Reflect.get(target, key, receiver) as unknown
    },
    has(target, key) {
      note(key)
      return Reflect.has(target, key)
    },
  })
}

/** The transitions of the active states that an event of this type could take, were it not for their guards. */
function candidates(snapshot: AnyMachineSnapshot, type: string): Transition[] {
  const nodes: AnyStateNode[] = snapshot._nodes
  return nodes.flatMap((node) =>
    [...node.transitions].flatMap(([descriptor, transitions]) => (fits(descriptor, type) ? transitions : [])),
  )
}

function fits(descriptor: string, type: string): boolean {
  if (descriptor === '*') return true
  return descriptor.endsWith('.*') ? `${type}.`.startsWith(descriptor.slice(0, -1)) : descriptor === type
}

/** As `describe()` names it. */
function edgeId(transition: Transition): string {
  const { source, eventType } = transition
  const siblings: readonly Transition[] = source.transitions.get(eventType) ?? []
  return `${source.id}|${eventType}|${siblings.indexOf(transition)}`
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)]
}
