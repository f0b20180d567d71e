import { createHash } from 'node:crypto'
import type { AnyActorLogic, AnyStateMachine } from 'xstate'
import { address as toAddress } from '../core/address.ts'
import type { StoredSnapshot } from '../core/effect.ts'
import { AppError } from '../core/errors.ts'
import { canonicalJson } from '../core/json.ts'
import type { MachineEvent } from '../core/message.ts'

export type AnyMachine = AnyStateMachine

/** A promise runs as a durable invocation, a machine as an actor of its own kind. */
export type ChildLogic = { type: 'promise'; logic: AnyActorLogic } | { type: 'machine'; kind: string }

/** A machine made ready for durable steps. */
export interface HostedMachine {
  kind: string
  /** The machine as it was registered. */
  machine: AnyStateMachine
  /** The same machine with inert children and a bound on microsteps: the one that steps. */
  inert: AnyStateMachine
  /** SHA-256 over the definition and the source of its guards, delays and actions: changes when behaviour may. */
  hash: string
  version: string
  /** By XState's source name (`setup({ actors })`, or `xstate.invoke.…` for inline ones). */
  children: ReadonlyMap<string, ChildLogic>
  /** True: every event carries `at`, the database's time in milliseconds, before the machine sees it. */
  stamped: boolean
  /** Makes snapshots of earlier versions into ones of this version. */
  migrate?: Migrate
  /** True: it steps, and nothing that it asks for is done (actors/forks/fork-rules.ts). */
  sealed?: boolean
}

/**
 * Makes the snapshot of an earlier version into one of the present. Pure. It keeps timers and children as they are, and
 * enters no state: a state that it moves an actor into has no delays and no work running.
 */
export type Migrate = (snapshot: StoredSnapshot, from: { version: string; hash: string }) => StoredSnapshot

const MAX_MICROSTEPS = 1_000

/**
 * Prepares machines, and the machines they start as children, for durable hosting. Refuses, by name and with the
 * remedy, logic that cannot be made durable (`machine.unsupported_logic`).
 */
export function hostMachines(
  machines: Readonly<Record<string, AnyStateMachine>>,
  options: { stamped?: readonly string[]; migrations?: Readonly<Record<string, Migrate>> } = {},
): Map<string, HostedMachine> {
  const hosted = new Map<string, HostedMachine>()
  const kinds = new Map(Object.entries(machines).map(([kind, machine]) => [machine.config, kind]))

  const host = (kind: string, machine: AnyStateMachine): void => {
    if (hosted.has(kind)) return
    requireBeginnings(machine)
    const children = new Map<string, ChildLogic>()
    const nested: [string, AnyStateMachine][] = []
    for (const [src, logic] of childLogic(machine)) {
      if (isMachine(logic)) {
        const childKind = kinds.get(logic.config) ?? childKindOf(kind, src)
        children.set(src, { type: 'machine', kind: childKind })
        nested.push([childKind, machines[childKind] ?? logic])
      } else if (isPromiseLogic(logic)) children.set(src, { type: 'promise', logic })
      else throw unsupported(machine, src, logic)
    }
    hosted.set(kind, {
      kind,
      machine,
      inert: makeInert(machine, children),
      hash: hashOf(machine, options.migrations?.[kind]),
      version: machine.version ?? '1',
      children,
      stamped: options.stamped?.includes(kind) ?? false,
      ...(options.migrations?.[kind] ? { migrate: options.migrations[kind] } : {}),
    })
    for (const [childKind, child] of nested) host(childKind, child)
  }

  for (const [kind, machine] of Object.entries(machines)) {
    toAddress(kind, 'x') // Throws when the kind cannot stand in an address.
    host(kind, machine)
  }
  return hosted
}

const LONGEST_KIND = 64

/** `player.volume`: what `player` calls `volume`. A long one is cut, and told apart by a digest. */
function childKindOf(kind: string, src: string): string {
  const name = `${kind}.${src.replace(/^xstate\.invoke\./, '').replaceAll(/[^\w.-]/g, '_')}`
  if (name.length <= LONGEST_KIND) return name
  return `${name.slice(0, LONGEST_KIND - 9)}.${createHash('sha256').update(name).digest('hex').slice(0, 8)}`
}

/** Every source a machine can start: the named ones, then those written inline in `invoke`. */
function childLogic(machine: AnyStateMachine): [string, AnyActorLogic][] {
  const named = Object.entries(machine.implementations.actors as Record<string, AnyActorLogic>)
  const inline: [string, AnyActorLogic][] = []
  for (const node of statesOf(machine.root)) {
    for (const [index, invoke] of node.invoke.entries()) {
      const written = [node.config.invoke].flat()[index]?.src as unknown
      if (typeof written === 'object' && written !== null) inline.push([invoke.src as string, written as AnyActorLogic])
      else if (!Object.hasOwn(machine.implementations.actors, String(written))) throw missing(machine, String(written))
      if ('onSnapshot' in invoke && invoke.onSnapshot) {
        throw new AppError(
          'machine.unsupported_logic',
          `Machine "${machine.id}": state "${node.id}" uses onSnapshot, which would copy a child's state on every step. ` +
            'Let the child send what the parent needs with sendParent.',
        )
      }
    }
  }
  return [...named, ...inline]
}

/** XState looks for the first state of a state when it is entered: an actor could be born, and break much later. */
function requireBeginnings(machine: AnyStateMachine): void {
  for (const node of statesOf(machine.root)) {
    try {
      if (node.type === 'compound') void node.initial
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new AppError('machine.unsupported_logic', `Machine "${machine.id}": ${reason}`, { cause })
    }
  }
}

function statesOf(node: AnyStateMachine['root']): AnyStateMachine['root'][] {
  return [node, ...Object.values(node.states).flatMap(statesOf)]
}

function makeInert(machine: AnyStateMachine, children: ReadonlyMap<string, ChildLogic>): AnyStateMachine {
  const inert = machine.provide({
    actors: Object.fromEntries([...children.keys()].map((src) => [src, INERT])),
  } as never)
  const limit = inert.options.maxIterations
  inert.options = {
    ...inert.options,
    maxIterations: limit === undefined || limit === Infinity ? MAX_MICROSTEPS : limit,
  }
  return inert
}

/** Logic that never does anything: a step only needs a reference with the right name. */
const INERT: AnyActorLogic = {
  transition: (snapshot: unknown) => snapshot,
  getInitialSnapshot: (_scope: unknown, input: unknown) => ({
    status: 'active',
    output: undefined,
    error: undefined,
    input,
  }),
  getPersistedSnapshot: (snapshot: unknown) => snapshot,
} as unknown as AnyActorLogic

/** True for a machine of XState v5, of whichever copy of the library. */
export function isMachine(logic: unknown): logic is AnyStateMachine {
  return typeof logic === 'object' && logic !== null && 'root' in logic && 'implementations' in logic
}

/** XState marks no kinds of logic, so this asks the logic itself: only a promise settles on `xstate.promise.resolve`. */
function isPromiseLogic(logic: AnyActorLogic): boolean {
  try {
    const scope = {} as never
    const started = logic.getInitialSnapshot(scope, undefined) as { status: string }
    const settled = logic.transition(started, { type: 'xstate.promise.resolve', data: 1 }, scope) as {
      status: string
    }
    return started.status === 'active' && settled.status === 'done'
  } catch {
    // Transition logic may well fail on an event that is not its own: then it is not a promise.
    return false
  }
}

function missing(machine: AnyStateMachine, src: string): AppError {
  return new AppError(
    'machine.unsupported_logic',
    `Machine "${machine.id}" invokes "${src}", which nobody provides: the state would wait for it for ever. ` +
      'Name it in setup({ actors }), or hand the machine over after provide({ actors }).',
    { details: { machine: machine.id, src } },
  )
}

function unsupported(machine: AnyStateMachine, src: string, logic: AnyActorLogic): AppError {
  const observable = 'context' in ((logic.getInitialSnapshot({} as never, undefined) as object | undefined) ?? {})
  return new AppError(
    'machine.unsupported_logic',
    `Machine "${machine.id}" starts "${src}", which is ${observable ? 'observable or transition' : 'callback'} logic: it lives in one ` +
      'process only and cannot survive a restart. Use fromPromise for work, a machine for state, or send events to the actor from outside.',
    { details: { machine: machine.id, src } },
  )
}

/** The migration counts: actors that were parked without it are tried again with it. */
function hashOf(machine: AnyStateMachine, migrate: Migrate | undefined): string {
  const { guards, delays, actions } = machine.implementations
  return createHash('sha256')
    .update(
      canonicalJson(describable({ config: machine.config, guards, delays, actions, ...(migrate ? { migrate } : {}) })),
    )
    .digest('hex')
}

/** Functions count by their source text, and by what XState hangs on them (`assign`, `raise`, …). */
function describable(value: unknown, depth = 0): unknown {
  if (depth > 64) return '…'
  if (typeof value === 'function') return { source: String(value), ...Object.fromEntries(own(value, depth)) }
  if (Array.isArray(value)) return value.map((member) => describable(member, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  if ('root' in value && 'implementations' in value)
    return describable((value as unknown as AnyStateMachine).config, depth + 1)
  return Object.fromEntries(own(value, depth))
}

function own(value: object, depth: number): [string, unknown][] {
  return Object.entries(value).map(([key, member]) => [key, describable(member, depth + 1)])
}

/** The event as the machine sees it: one that is stamped gets the time of the database along. */
export function stamp({ stamped }: HostedMachine, event: MachineEvent, now: Date): MachineEvent {
  return stamped ? { ...event, at: now.getTime() } : event
}
