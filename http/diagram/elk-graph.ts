import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import type { GraphNode } from '../../core/graph.ts'
import { labelHeight, labelRows, SIZE } from './boxes.ts'
import type { Direction, LabelRow } from './geometry.ts'
import { type Arrow, initialId, needed, type Outline } from './outline.ts'
import { textWidth } from './text.ts'

/** An outline as the layout engine takes it: nested boxes with their sizes, and arrows with the sizes of their labels. */
export function toElk({ graph, arrows, contents }: Outline, direction: Direction): ElkNode {
  return {
    id: '(chart)',
    layoutOptions: options(direction),
    children: [elkNode(graph.root, contents, direction)],
    edges: [...arrows.map((arrow) => elkEdge(arrow)), ...initialEdges(graph.root)],
  }
}

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

function elkNode(node: GraphNode, contents: Outline['contents'], direction: Direction, parent?: GraphNode): ElkNode {
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
