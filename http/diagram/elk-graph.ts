import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import type { GraphEdge, GraphNode, MachineGraph } from '../../core/graph.ts'
import { type BoxContent, boxContent, edgeFacts, labelRows, SIZE, staysLine } from './boxes.ts'
import { againstTheFlow } from './flow.ts'
import type { Direction, EdgeFacts, Geometry, LabelRow, NodeBox, Route } from './geometry.ts'
import { textWidth } from './text.ts'

/** A graph made ready for the layout engine, and how to read the engine's answer. Pure. */
export interface ElkPlan {
  elk: ElkNode
  /** What the engine left out lies at the origin. */
  read(laidOut: ElkNode): Geometry
}

/** An arrow to be: all transitions that lead from one state to one other. */
interface Arrow {
  id: string
  source: string
  target: string
  labelled: GraphEdge[]
  edges: string[]
  /** Given to the engine the other way round. */
  turned: boolean
}

export function planLayout(graph: MachineGraph, direction: Direction): ElkPlan {
  const pathOf = new Map<string, string>()
  walk(graph.root, (node) => pathOf.set(node.id, node.path))
  const facts = new Map(graph.edges.map((edge) => [edge.id, edgeFacts(edge, pathOf, graph)]))
  const arrows = bundle(graph)
  const contents = new Map<string, BoxContent>()
  walk(graph.root, (node, parent) => {
    const stays = graph.edges.filter((edge) => edge.source === node.id && edge.targets.length === 0)
    contents.set(
      node.id,
      boxContent(
        node,
        parent,
        stays.map((edge) => staysLine(edge, needed(facts.get(edge.id)))),
      ),
    )
  })
  const elk: ElkNode = {
    id: ROOT,
    layoutOptions: options(direction),
    children: [elkNode(graph.root, contents, direction)],
    edges: [...arrows.map((arrow) => elkEdge(arrow)), ...initialEdges(graph.root)],
  }
  return { elk, read: (laidOut) => read(graph, direction, laidOut, { arrows, contents, facts }) }
}

const ROOT = '(chart)'
const initialId = (node: GraphNode): string => `${node.id}|(initial)`

/** The engine asks every container for itself; nothing is inherited. */
function options(direction: Direction): Record<string, string> {
  return {
    'elk.algorithm': 'layered',
    'elk.direction': direction === 'down' ? 'DOWN' : 'RIGHT',
    'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
    'elk.edgeRouting': 'ORTHOGONAL',
    'elk.padding': '[top=12,left=12,bottom=12,right=12]',
    'elk.json.shapeCoords': 'ROOT',
    'elk.json.edgeCoords': 'ROOT',
    'elk.randomSeed': '1',
    'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
    'elk.layered.thoroughness': '10',
    'elk.spacing.nodeNode': '28',
    'elk.spacing.edgeNode': '18',
    'elk.spacing.edgeEdge': '14',
    'elk.spacing.edgeLabel': '4',
    'elk.spacing.labelLabel': '6',
    'elk.spacing.nodeSelfLoop': '16',
    'elk.layered.spacing.nodeNodeBetweenLayers': '28',
    'elk.layered.spacing.edgeNodeBetweenLayers': '16',
    'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
  }
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

function elkNode(
  node: GraphNode,
  contents: ReadonlyMap<string, BoxContent>,
  direction: Direction,
  parent?: GraphNode,
): ElkNode {
  const { width, height } = needed(contents.get(node.id))
  const place = parent?.type === 'parallel' ? regionOptions(parent.children.indexOf(node), direction) : {}
  if (node.children.length === 0) return { id: node.id, width, height, layoutOptions: place }
  const dot = node.type === 'compound' && node.initial !== undefined
  return {
    id: node.id,
    layoutOptions: {
      ...options(direction),
      ...place,
      ...(node.type === 'parallel' ? { 'elk.layered.crossingMinimization.semiInteractive': 'true' } : {}),
      'elk.padding': `[top=${height + SIZE.inset - 6},left=${SIZE.inset},bottom=${SIZE.inset},right=${SIZE.inset}]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${width}, ${height})`,
    },
    children: [
      ...(dot ? [{ id: initialId(node), width: SIZE.dot, height: SIZE.dot }] : []),
      ...node.children.map((child) => elkNode(child, contents, direction, node)),
    ],
  }
}

/** Regions of a parallel state stand side by side in document order, their heads in one line. */
function regionOptions(index: number, direction: Direction): Record<string, string> {
  return {
    'elk.position': `(${index * 1000}, ${index * 1000})`,
    'elk.alignment': direction === 'down' ? 'TOP' : 'LEFT',
  }
}

function elkEdge(arrow: Arrow): ElkExtendedEdge {
  const { turned } = arrow
  const rows = arrow.labelled.flatMap(labelRows)
  const edge = {
    id: arrow.id,
    sources: [turned ? arrow.target : arrow.source],
    targets: [turned ? arrow.source : arrow.target],
  }
  if (rows.length === 0) return edge
  const width = Math.max(...rows.map(rowWidth)) + 2 * SIZE.labelPadding
  const height = arrow.labelled.reduce((sum, labelled) => sum + labelHeight(labelRows(labelled)), 0)
  return { ...edge, labels: [{ text: arrow.id, width, height, layoutOptions: { 'elk.edgeLabels.inline': 'true' } }] }
}

function initialEdges(node: GraphNode): ElkExtendedEdge[] {
  const own = node.type === 'compound' && node.initial !== undefined
  const edge = {
    id: initialId(node),
    sources: [initialId(node)],
    targets: [node.initial ?? ''],
    layoutOptions: { 'elk.layered.priority.straightness': '10' },
  }
  return [...(own ? [edge] : []), ...node.children.flatMap(initialEdges)]
}

const rowWidth = (row: LabelRow): number => textWidth(row.text, SIZE.line, row.kind === 'event' ? 'bold' : 'regular')
const labelHeight = (rows: LabelRow[]): number => rows.length * SIZE.labelRow + SIZE.labelPadding

interface Parts {
  arrows: Arrow[]
  contents: ReadonlyMap<string, BoxContent>
  facts: ReadonlyMap<string, EdgeFacts>
}

function read(graph: MachineGraph, direction: Direction, laidOut: ElkNode, parts: Parts): Geometry {
  const boxes = new Map<string, ElkNode>()
  walkElk(laidOut, (node) => boxes.set(node.id, node))
  const lines = new Map((laidOut.edges ?? []).map((edge) => [edge.id, edge]))
  const nodes: NodeBox[] = []
  const initials: Route[] = []
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
  return { machine: graph.id, direction, width, height, nodes, routes: [...initials, ...routes] }
}

function readArrow(arrow: Arrow, line: ElkExtendedEdge | undefined, facts: Parts['facts']): Route {
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
function leaveUnderHeader(route: Route, nodes: readonly NodeBox[], contents: Parts['contents']): void {
  const [first, second] = route.points
  const box = nodes.find((node) => node.id === route.source)
  if (!first || !second || !box || first.y !== box.y || second.y <= first.y) return
  first.y = Math.min(box.y + needed(contents.get(box.id)).height, second.y)
}

function pointsOf(line: ElkExtendedEdge | undefined): Route['points'] {
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

function walk(
  node: GraphNode,
  visit: (node: GraphNode, parent: GraphNode | undefined, depth: number) => void,
  parent?: GraphNode,
  depth = 0,
): void {
  visit(node, parent, depth)
  for (const child of node.children) walk(child, visit, node, depth + 1)
}

function walkElk(node: ElkNode, visit: (node: ElkNode) => void): void {
  visit(node)
  for (const child of node.children ?? []) walkElk(child, visit)
}

function needed<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a statechart names a state that it does not hold')
  return value
}
