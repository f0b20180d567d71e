import type { GraphEdge, GraphNode, MachineGraph } from '../../core/graph.ts'
import { type BoxContent, boxContent, edgeFacts, staysLine } from './boxes.ts'
import { againstTheFlow } from './flow.ts'
import type { EdgeFacts } from './geometry.ts'

/** What a chart will show, with nothing placed yet: which boxes with what text, and which arrows between them. */
export interface Outline {
  graph: MachineGraph
  arrows: Arrow[]
  /** By node id. */
  contents: ReadonlyMap<string, BoxContent>
  /** By edge id. */
  facts: ReadonlyMap<string, EdgeFacts>
}

/** An arrow to be: all transitions that lead from one state to one other. */
export interface Arrow {
  id: string
  source: string
  target: string
  labelled: GraphEdge[]
  edges: string[]
  /** Given to the engine the other way round. */
  turned: boolean
}

export function outline(graph: MachineGraph): Outline {
  const pathOf = new Map<string, string>()
  walk(graph.root, (node) => pathOf.set(node.id, node.path))
  const facts = new Map(graph.edges.map((edge) => [edge.id, edgeFacts(edge, pathOf, graph)]))
  const contents = new Map<string, BoxContent>()
  walk(graph.root, (node, parent) => {
    const stays = graph.edges.filter((edge) => edge.source === node.id && edge.targets.length === 0)
    const lines = stays.map((edge) => staysLine(edge, needed(facts.get(edge.id))))
    contents.set(node.id, boxContent(node, parent, lines))
  })
  return { graph, arrows: bundle(graph), contents, facts }
}

/** Id of the dot that a state's initial arrow starts from, and of that arrow. */
export function initialId(node: GraphNode): string {
  return `${node.id}|(initial)`
}

/** Parents before their children, in document order. */
export function walk(
  node: GraphNode,
  visit: (node: GraphNode, parent: GraphNode | undefined, depth: number) => void,
  parent?: GraphNode,
  depth = 0,
): void {
  visit(node, parent, depth)
  for (const child of node.children) walk(child, visit, node, depth + 1)
}

export function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a statechart names a state that it does not hold')
  return value
}

/** Transitions between the same two states become one arrow; one with several targets becomes an arrow to each. */
function bundle(graph: MachineGraph): Arrow[] {
  const arrows = new Map<string, Arrow>()
  for (const edge of graph.edges) {
    for (const [index, target] of edge.targets.entries()) {
      const id = `${edge.source}→${target}`
      const arrow = arrows.get(id) ?? { id, source: edge.source, target, labelled: [], edges: [], turned: false }
      arrow.edges.push(edge.id)
      if (index === 0) arrow.labelled.push(edge)
      arrows.set(id, arrow)
    }
  }
  const against = againstTheFlow(graph.root, [...arrows.values()])
  return [...arrows.values()].map((arrow) => ({ ...arrow, turned: against.has(arrow.id) }))
}
