import type { GraphEdge, MachineGraph } from '../../core/graph.ts'
import type { Json } from '../../core/json.ts'

/** A transition that was taken, as history has it. */
export interface Taken {
  event: { type: string }
  from: Json
  to: Json
}

/** Every active path of a state value, parents included: `{a: 'b'}` → `a`, `a.b`. */
export function pathsOf(value: Json, above = ''): string[] {
  if (typeof value === 'string') return value === '' ? [] : [above + value]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => [above + key, ...pathsOf(inner, `${above}${key}.`)])
}

/**
 * The transition of a machine that a history entry went along; undefined when none fits. An entry does not name it, so
 * it is the one whose event and states fit best: targets reached, then the exact event, then the deepest source.
 */
export function firedEdge(graph: MachineGraph, { event, from, to }: Taken): string | undefined {
  const paths = pathsById(graph)
  const before = new Set(['', ...pathsOf(from)])
  const after = new Set(['', ...pathsOf(to)])
  const fits = graph.edges
    .filter((edge) => matches(edge.event, event.type) && before.has(paths.get(edge.source) ?? ''))
    .map((edge) => ({ id: edge.id, score: score(edge, paths, after) }))
    .sort((a, b) => b.score - a.score)
  return fits[0]?.id
}

/** Transitions that can be taken next: by the events accepted now, and those the runtime takes by itself. */
export function possibleEdges(graph: MachineGraph, active: readonly string[], nextEvents: readonly string[]): string[] {
  const paths = pathsById(graph)
  const current = new Set(['', ...active])
  return graph.edges
    .filter(({ source }) => current.has(paths.get(source) ?? ''))
    .filter(({ kind, event }) => kind !== 'event' || nextEvents.some((type) => matches(event, type)))
    .map(({ id }) => id)
}

function score(edge: GraphEdge, paths: ReadonlyMap<string, string>, after: ReadonlySet<string>): number {
  const reached = edge.targets.every((target) => after.has(paths.get(target) ?? ''))
  const depth = (paths.get(edge.source) ?? '').split('.').length
  return (reached ? 1000 : 0) + (edge.event.endsWith('*') ? 0 : 100) + depth
}

function matches(pattern: string, type: string): boolean {
  if (pattern === '*') return !type.startsWith('xstate.')
  return pattern.endsWith('.*') ? `${type}.`.startsWith(pattern.slice(0, -1)) : pattern === type
}

function pathsById(graph: MachineGraph): Map<string, string> {
  const paths = new Map<string, string>()
  const visit = (node: MachineGraph['root']): void => {
    paths.set(node.id, node.path)
    for (const child of node.children) visit(child)
  }
  visit(graph.root)
  return paths
}
