import type { GraphNode } from '../../core/graph.ts'

export interface Link {
  id: string
  /** Node ids. */
  source: string
  target: string
}

/**
 * Ids of the links that run against the reading direction: followed from the initial state in document order, they lead
 * back to where one came from. Turned around for the layout engine, they leave nothing to break cycles over, so that
 * every container reads from its initial state onwards. (The engine's own model order fails on nested states.)
 */
export function againstTheFlow(root: GraphNode, links: readonly Link[]): Set<string> {
  const lineage = new Map<string, string[]>()
  const trace = (node: GraphNode, above: string[]): void => {
    const own = [...above, node.id]
    lineage.set(node.id, own)
    for (const child of node.children) trace(child, own)
  }
  trace(root, [])
  const lifted = new Map<string, Lifted[]>()
  for (const link of links) {
    const step = lift(link, lineage)
    if (step) lifted.set(step.from, [...(lifted.get(step.from) ?? []), step])
  }
  const against = new Set<string>()
  const search = (node: GraphNode): void => {
    for (const id of backward(node, lifted)) against.add(id)
    for (const child of node.children) search(child)
  }
  search(root)
  return against
}

/** A link as the container of both its ends sees it: between two of its children. */
interface Lifted {
  id: string
  from: string
  to: string
}

function lift({ id, source, target }: Link, lineage: ReadonlyMap<string, string[]>): Lifted | undefined {
  const [above, below] = [lineage.get(source) ?? [], lineage.get(target) ?? []]
  const fork = above.findIndex((node, index) => node !== below[index])
  const [from, to] = [above[fork], below[fork]]
  return from === undefined || to === undefined ? undefined : { id, from, to }
}

function backward(container: GraphNode, lifted: ReadonlyMap<string, Lifted[]>): string[] {
  const found: string[] = []
  const open = new Set<string>()
  /** Which start a node was reached from. */
  const reached = new Map<string, string>()
  const visit = (node: string, start: string): void => {
    open.add(node)
    reached.set(node, start)
    for (const step of lifted.get(node) ?? []) {
      const from = reached.get(step.to)
      if (from === undefined) visit(step.to, start)
      // Also from a state that nothing here leads to (`stopped`) into the main flow: it belongs below it.
      else if (open.has(step.to) || from !== start) found.push(step.id)
    }
    open.delete(node)
  }
  const first = container.children.filter((child) => child.id === container.initial)
  for (const child of [...first, ...container.children]) if (!reached.has(child.id)) visit(child.id, child.id)
  return found
}
