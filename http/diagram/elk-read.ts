import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import { drawArrow } from './arrow.ts'
import { labelHeight, labelRows } from './boxes.ts'
import type { Direction, Geometry, NodeBox, Route } from './geometry.ts'
import { type Arrow, initialId, needed, type Outline, walk } from './outline.ts'

/** A route whose points may still move. */
type Way = Omit<Route, 'line' | 'head'>

/** Puts an outline where the layout engine said. What the engine left out lies at the origin. */
export function readGeometry(parts: Outline, laidOut: ElkNode, direction: Direction): Geometry {
  const { graph } = parts
  const boxes = new Map<string, ElkNode>()
  walkElk(laidOut, (node) => boxes.set(node.id, node))
  const lines = new Map((laidOut.edges ?? []).map((edge) => [edge.id, edge]))
  const nodes: NodeBox[] = []
  const initials: Way[] = []
  walk(graph.root, (node, _parent, depth) => {
    const { shape, title, lines: rows, description } = needed(parts.contents.get(node.id))
    const text = { id: node.id, path: node.path, shape, title, depth, lines: rows, description }
    nodes.push({ ...text, ...place(boxes.get(node.id)) })
    const dot = boxes.get(initialId(node))
    if (!dot) return
    const id = initialId(node)
    nodes.push({
      id,
      path: '',
      shape: 'initial',
      title: '',
      depth: depth + 1,
      lines: [],
      description: '',
      ...place(dot),
    })
    initials.push({
      id,
      source: id,
      target: node.initial ?? '',
      points: pointsOf(lines.get(id)),
      labels: [],
      edges: [],
    })
  })
  const routes = parts.arrows.map((arrow) => readArrow(arrow, lines.get(arrow.id), parts.facts))
  for (const route of routes) leaveUnderHeader(route, nodes, parts.contents)
  const { width, height } = place(laidOut)
  const drawn = [...initials, ...routes].map((route) => ({ ...route, ...drawArrow(route.points) }))
  return { machine: graph.id, direction, width, height, nodes, routes: drawn }
}

function readArrow(arrow: Arrow, line: ElkExtendedEdge | undefined, facts: Outline['facts']): Way {
  const { x, y, width } = place(line?.labels?.[0])
  let top = y
  const labels = arrow.labelled.map((edge) => {
    const rows = labelRows(edge)
    const height = labelHeight(rows)
    const box = { x, y: top, width, height }
    top += height
    return { ...box, rows, edge: needed(facts.get(edge.id)) }
  })
  const { id, source, target, edges } = arrow
  return { id, source, target, points: arrow.turned ? pointsOf(line).toReversed() : pointsOf(line), labels, edges }
}

/** An arrow from a state into itself starts at the state's border: it must not run through the text at its head. */
function leaveUnderHeader(route: Way, nodes: readonly NodeBox[], contents: Outline['contents']): void {
  const [first, second] = route.points
  const box = nodes.find((node) => node.id === route.source)
  if (!first || !second || !box || first.y !== box.y || second.y <= first.y) return
  first.y = Math.min(box.y + needed(contents.get(box.id)).height, second.y)
}

function pointsOf(line: ElkExtendedEdge | undefined): Way['points'] {
  const points = (line?.sections ?? []).flatMap((section) => [
    section.startPoint,
    ...(section.bendPoints ?? []),
    section.endPoint,
  ])
  const [first, ...rest] = points.map(({ x, y }) => ({ x: Math.round(x), y: Math.round(y) }))
  if (!first) return []
  const straight = [first]
  for (const point of rest) {
    // Rounding may tilt a line by a pixel; the point before it is the one that lies still.
    const last = straight.at(-1) ?? first
    straight.push({
      x: Math.abs(point.x - last.x) <= 1 ? last.x : point.x,
      y: Math.abs(point.y - last.y) <= 1 ? last.y : point.y,
    })
  }
  return straight
}

function place(shape: { x?: number; y?: number; width?: number; height?: number } | undefined) {
  const { x = 0, y = 0, width = 0, height = 0 } = shape ?? {}
  return { x: Math.round(x), y: Math.round(y), width: Math.ceil(width), height: Math.ceil(height) }
}

function walkElk(node: ElkNode, visit: (node: ElkNode) => void): void {
  visit(node)
  for (const child of node.children ?? []) walkElk(child, visit)
}
