import type { GraphNode, MachineGraph } from '../../../../core/graph.ts'
import { activePaths } from '../../../parts/words.ts'

/** A transition that was taken, as history or the live stream has it. */
export interface Taken {
  event: { type: string }
  from: unknown
  to: unknown
}

const REACHED = 1000

/**
 * The edges that a transition may have gone along, by its event and its states: targets reached count most, then the
 * exact event, then the deepest source. Where nothing tells two apart, both are answered rather than one picked.
 */
export function firedEdges(graph: MachineGraph, { event, from, to }: Taken): Set<string> {
  const paths = pathsOf(graph)
  const [before, after] = [activePaths(from), activePaths(to)]
  const unchanged = before.size === after.size && [...before].every((path) => after.has(path))
  const isIn = (id: string): boolean => {
    const path = paths.get(id) ?? ''
    return path === '' || before.has(path)
  }
  const candidates = graph.edges
    .filter((edge) => matches(edge.event, event.type) && isIn(edge.source))
    .map((edge) => {
      const targets = edge.targets.map((target) => paths.get(target) ?? '')
      const reached = targets.length === 0 ? unchanged : targets.every((path) => after.has(path))
      const depth = (paths.get(edge.source) ?? '').split('.').length
      return { id: edge.id, score: (reached ? REACHED : 0) + (edge.event.endsWith('*') ? 0 : 100) + depth }
    })
  const best = Math.max(0, ...candidates.map(({ score }) => score))
  const taken = candidates.filter(({ score }) => score === best).map(({ id }) => id)
  if (best >= REACHED) return new Set(taken)
  // The event itself led elsewhere, or nowhere, but then a transition without an event was taken in the same step.
  const leads = taken.filter((id) => leadsTo(graph, paths, id, after))
  const led = graph.edges.filter(({ event: type, source, targets }) => {
    const path = paths.get(source) ?? ''
    const left = path !== '' && before.has(path) && !after.has(path)
    return type === '' && left && targets.length > 0 && targets.every((target) => after.has(paths.get(target) ?? ''))
  })
  return new Set([...(leads.length > 0 ? leads : taken), ...led.map(({ id }) => id)])
}

/** Whether transitions without an event go on from where an edge leads to where the actor came to stand. */
function leadsTo(
  graph: MachineGraph,
  paths: ReadonlyMap<string, string>,
  id: string,
  after: ReadonlySet<string>,
): boolean {
  const seen = new Set<string>()
  const open = [...(graph.edges.find((edge) => edge.id === id)?.targets ?? [])]
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (seen.has(state)) continue
    seen.add(state)
    if (after.has(paths.get(state) ?? '')) return true
    for (const edge of graph.edges) if (edge.event === '' && edge.source === state) open.push(...edge.targets)
  }
  return false
}

/** Edges that the runtime itself takes when it is time, from the states that are active: delays, outcomes, `always`. */
export function awaitedEdges(graph: MachineGraph, active: ReadonlySet<string>): string[] {
  const paths = pathsOf(graph)
  return graph.edges
    .filter(({ kind, source }) =>
      kind === 'after' || kind === 'done' || kind === 'error' ? isActive(paths, active, source) : false,
    )
    .map(({ id }) => id)
}

function isActive(paths: ReadonlyMap<string, string>, active: ReadonlySet<string>, id: string): boolean {
  const path = paths.get(id)
  return path !== undefined && (path === '' || active.has(path))
}

/** Path of each state by its id. */
export function pathsOf({ root }: MachineGraph): Map<string, string> {
  const paths = new Map<string, string>()
  const visit = (node: GraphNode): void => {
    paths.set(node.id, node.path)
    node.children.forEach(visit)
  }
  visit(root)
  return paths
}

function matches(pattern: string, type: string): boolean {
  if (pattern === '*') return !type.startsWith('xstate.')
  return pattern.endsWith('.*') ? `${type}.`.startsWith(pattern.slice(0, -1)) : pattern === type
}
