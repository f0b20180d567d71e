import type { AnyStateMachine, AnyStateNode } from 'xstate'
import type { GraphEdge, GraphNode, MachineGraph } from '../core/graph.ts'
import { nameAction, nameDuration, nameGuard } from './describe-names.ts'

/**
 * Reads a machine's statechart off the live machine object, so that a diagram shows the very machine that runs.
 * The answer is plain JSON; the same machine always gives the same text.
 */
export function describe(machine: AnyStateMachine): MachineGraph {
  const edges: GraphEdge[] = []
  const root = describeNode(machine.root, edges)
  return { id: machine.id, ...(machine.version === undefined ? {} : { version: machine.version }), root, edges }
}

/** The dot paths of every state that a state value says is active, parents first: `{on: 'idle'}` → `on`, `on.idle`. */
export function activePaths(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...activePaths(inner).map((path) => `${key}.${path}`)])
}

function describeNode(node: AnyStateNode, edges: GraphEdge[]): GraphNode {
  for (const [event, transitions] of node.transitions) {
    for (const [index, transition] of transitions.entries()) edges.push(describeEdge(node, event, transition, index))
  }
  for (const [index, transition] of (node.always ?? []).entries()) edges.push(describeEdge(node, '', transition, index))
  const initial = initialOf(node)
  return {
    id: node.id,
    key: node.key,
    path: node.path.join('.'),
    type: node.type,
    ...(node.description === undefined ? {} : { description: node.description }),
    tags: [...node.tags],
    ...(initial === undefined ? {} : { initial }),
    ...(node.type === 'history' ? { history: node.history === 'deep' ? 'deep' : 'shallow' } : {}),
    entry: node.entry.filter((action) => !isTimer(action)).map(nameAction),
    exit: node.exit.filter((action) => !isTimer(action)).map(nameAction),
    invoke: node.invoke.map((invoke) => ({ id: invoke.id, src: nameSource(invoke.src) })),
    children: Object.values<AnyStateNode>(node.states).map((child) => describeNode(child, edges)),
  }
}

type Transition = NonNullable<AnyStateNode['always']>[number]

function describeEdge(node: AnyStateNode, event: string, transition: Transition, index: number): GraphEdge {
  const guard = nameGuard(transition.guard)
  return {
    id: `${node.id}|${event || 'always'}|${index}`,
    source: node.id,
    targets: (transition.target ?? []).map((target: AnyStateNode) => target.id),
    event,
    ...meaning(node, event),
    ...(guard === undefined ? {} : { guard }),
    actions: transition.actions.map(nameAction),
  }
}

function meaning(node: AnyStateNode, event: string): Pick<GraphEdge, 'label' | 'kind' | 'delayMs' | 'delayName'> {
  if (event === '') return { kind: 'always', label: 'always' }
  if (event === '*') return { kind: 'wildcard', label: 'any other event' }
  const ending = /^xstate\.(done|error)\.actor\.\*$/.exec(event)?.[1]
  if (ending === 'done' || ending === 'error') return { kind: ending, label: `${ending}(any)` }
  if (event.endsWith('.*')) return { kind: 'wildcard', label: event }
  const delayed = node.after.find((transition) => transition.eventType === event)
  if (delayed) return delay(node, delayed.delay)
  if (event === `xstate.done.state.${node.id}`) return { kind: 'done', label: 'done' }
  for (const invoke of node.invoke) {
    // An invocation without an id of its own gets a generated one, which tells a reader less than its source does.
    const name = /^\d+\./.test(invoke.id) ? nameSource(invoke.src) : invoke.id
    if (event === `xstate.done.actor.${invoke.id}`) return { kind: 'done', label: `done(${name})` }
    if (event === `xstate.error.actor.${invoke.id}`) return { kind: 'error', label: `error(${name})` }
    if (event === `xstate.snapshot.${invoke.id}`) return { kind: 'event', label: `snapshot(${name})` }
  }
  // The end of a child that was spawned, not invoked, is listened to by its type.
  if (event.startsWith('xstate.done.actor.')) return { kind: 'done', label: `done(${event.slice(18)})` }
  if (event.startsWith('xstate.error.actor.')) return { kind: 'error', label: `error(${event.slice(19)})` }
  return { kind: 'event', label: event }
}

function delay(node: AnyStateNode, value: unknown): Pick<GraphEdge, 'label' | 'kind' | 'delayMs' | 'delayName'> {
  if (typeof value === 'number') return { kind: 'after', label: `after ${nameDuration(value)}`, delayMs: value }
  if (typeof value !== 'string') return { kind: 'after', label: 'after (inline)' }
  const known: unknown = node.machine.implementations.delays[value]
  if (typeof known !== 'number') return { kind: 'after', label: `after ${value}`, delayName: value }
  return { kind: 'after', label: `after ${value} (${nameDuration(known)})`, delayMs: known, delayName: value }
}

/** XState keeps an `after` as a raise on entry and a cancel on exit; the edge already says it. */
function isTimer(action: unknown): boolean {
  if (typeof action !== 'function') return false
  if ('sendId' in action) return isAfter(action.sendId)
  if (!('event' in action) || typeof action.event !== 'object' || action.event === null) return false
  return 'type' in action.event && isAfter(action.event.type)
}

function isAfter(text: unknown): boolean {
  return typeof text === 'string' && text.startsWith('xstate.after.')
}

function nameSource(src: unknown): string {
  return typeof src === 'string' && !src.startsWith('xstate.invoke.') ? src : '(inline)'
}

function initialOf(node: AnyStateNode): string | undefined {
  if (node.type === 'history') return historyDefault(node)?.id
  return node.type === 'compound' ? node.initial.target[0]?.id : undefined
}

/** XState resolves a history node's default target only while it runs, by this same rule. */
function historyDefault(node: AnyStateNode): AnyStateNode | undefined {
  const target: unknown = Array.isArray(node.config.target) ? node.config.target[0] : node.config.target
  if (typeof target !== 'string') return node.parent?.type === 'compound' ? node.parent.initial.target[0] : node.parent
  if (target.startsWith('#')) return node.machine.getStateNodeById(target.slice(1))
  return target
    .replace(/^\./, '')
    .split('.')
    .reduce<AnyStateNode | undefined>((at, key) => at?.states[key], node.parent)
}
