import type { GraphEdge, GraphNode, MachineGraph } from '../../core/graph.ts'
import type { BoxLine, EdgeFacts, LabelRow, NodeBox } from './geometry.ts'
import { ellipsise, textWidth } from './text.ts'

/** Sizes in pixels that layout and renderer agree on. */
export const SIZE = {
  title: 13,
  line: 11,
  /** Height of a title row, and of each line under it. */
  titleRow: 30,
  lineRow: 16,
  padding: 12,
  /** Between a container's border and what is in it. */
  inset: 22,
  /** Height of a label's row; space around a label's text. */
  labelRow: 14,
  labelPadding: 5,
  history: 28,
  dot: 12,
  maxText: 230,
  /** How wide a line of several names may grow. */
  packed: 190,
} as const

/** What stands in one state's box, and the room that it needs. */
export interface BoxContent extends Pick<NodeBox, 'shape' | 'title' | 'lines' | 'description'> {
  width: number
  /** Without children. */
  height: number
}

export function boxContent(node: GraphNode, parent: GraphNode | undefined, stays: BoxLine[]): BoxContent {
  const shape = shapeOf(node, parent)
  if (shape === 'history') {
    const title = node.history === 'deep' ? 'H*' : 'H'
    const description = `${node.path}: ${node.history === 'deep' ? 'deep' : 'shallow'} history`
    return { shape, title, lines: [], description, width: SIZE.history, height: SIZE.history }
  }
  const title = ellipsise(node.key, SIZE.title, SIZE.maxText, 'bold')
  const lines = [...ownLines(node), ...stays]
  const widest = Math.max(0, ...lines.map(lineWidth))
  // 46: room for the marker of an active state beside the centred title.
  const width = Math.max(84, textWidth(title, SIZE.title, 'bold') + 46, widest + 2 * SIZE.padding)
  const height = headHeight(lines)
  return { shape, title, lines, description: inWords(node, shape), width, height }
}

/** Of a box without children, or of what stands above them. */
export function headHeight(lines: readonly BoxLine[]): number {
  return SIZE.titleRow + (lines.length > 0 ? lines.length * SIZE.lineRow + 8 : 0)
}

/** The rows that one transition's label shows: its event and guard, and under them what it does. */
export function labelRows(edge: GraphEdge): LabelRow[] {
  const rows: LabelRow[] = []
  const guard = edge.guard === undefined ? undefined : bracketed(edge.guard)
  rows.push({ kind: 'event', text: ellipsise(edge.label, SIZE.line, SIZE.maxText, 'bold') })
  if (guard !== undefined) rows.push({ kind: 'guard', text: ellipsise(guard, SIZE.line, SIZE.maxText) })
  if (edge.actions.length > 0) {
    rows.push({ kind: 'actions', text: ellipsise(`/ ${edge.actions.join(', ')}`, SIZE.line, SIZE.maxText) })
  }
  return rows
}

/** Of a label's pill. */
export function labelHeight(rows: readonly LabelRow[]): number {
  return rows.length * SIZE.labelRow + SIZE.labelPadding
}

/** A transition that stays in its state, as one line of the state's box. */
export function staysLine(edge: GraphEdge, facts: EdgeFacts): BoxLine {
  const guard = edge.guard === undefined ? '' : ` ${bracketed(edge.guard)}`
  const does = edge.actions.length > 0 ? ` / ${edge.actions.join(', ')}` : ' (ignored)'
  return { kind: 'stays', text: ellipsise(`${edge.label}${guard}${does}`, SIZE.line, SIZE.maxText), edge: facts }
}

export function edgeFacts(edge: GraphEdge, pathOf: ReadonlyMap<string, string>, graph: MachineGraph): EdgeFacts {
  const name = (id: string): string => pathOf.get(id) || graph.id
  const where =
    edge.targets.length > 0
      ? `${name(edge.source)} to ${edge.targets.map(name).join(' and ')}`
      : `stays in ${name(edge.source)}`
  const guard = edge.guard === undefined ? '' : `, if ${edge.guard}`
  const does = edge.actions.length > 0 ? `, doing ${edge.actions.join(', ')}` : ''
  return {
    id: edge.id,
    event: edge.event,
    source: pathOf.get(edge.source) ?? '',
    targets: edge.targets.map((target) => pathOf.get(target) ?? ''),
    description: `${where} on ${edge.label}${guard}${does}`,
  }
}

function shapeOf(node: GraphNode, parent: GraphNode | undefined): NodeBox['shape'] {
  if (!parent) return 'root'
  if (node.type === 'final' || node.type === 'history') return node.type
  return parent.type === 'parallel' ? 'region' : node.type
}

/** Its first word is bold. */
function lineWidth({ text }: BoxLine): number {
  const space = text.indexOf(' ')
  const end = space < 0 ? text.length : space
  return textWidth(text.slice(0, end), SIZE.line, 'bold') + textWidth(text.slice(end), SIZE.line)
}

/** A guard without a name is already in brackets. */
function bracketed(guard: string): string {
  return guard === '(inline)' ? '[inline]' : `[${guard}]`
}

function ownLines(node: GraphNode): BoxLine[] {
  const invoked = node.invoke.map(({ id, src }) => (/^\d+\./.test(id) || id === src ? src : `${id}: ${src}`))
  const tags = node.tags.map((tag) => `#${tag}`).join(' ')
  return [
    ...(tags === '' ? [] : [{ kind: 'tags', text: ellipsise(tags, SIZE.line, SIZE.maxText) } as const]),
    ...pack('entry', node.entry),
    ...pack('invoke', invoked),
    ...pack('exit', node.exit),
  ]
}

/** As many names on a line as fit. */
function pack(kind: 'entry' | 'invoke' | 'exit', names: readonly string[]): BoxLine[] {
  const texts: string[] = []
  for (const name of names) {
    const longer = `${texts.at(-1) ?? ''}, ${name}`
    if (texts.length > 0 && textWidth(longer, SIZE.line, 'bold') <= SIZE.packed) texts[texts.length - 1] = longer
    else texts.push(`${kind} / ${name}`)
  }
  return texts.map((text) => ({ kind, text: ellipsise(text, SIZE.line, SIZE.maxText) }))
}

function inWords(node: GraphNode, shape: NodeBox['shape']): string {
  const facts = [
    node.description,
    node.tags.length > 0 ? `Tags: ${node.tags.join(', ')}` : undefined,
    node.entry.length > 0 ? `Entry: ${node.entry.join(', ')}` : undefined,
    node.invoke.length > 0 ? `Invokes: ${node.invoke.map((invoke) => invoke.src).join(', ')}` : undefined,
    node.exit.length > 0 ? `Exit: ${node.exit.join(', ')}` : undefined,
  ].filter((fact) => fact !== undefined)
  return [`${node.path || node.key} (${shape === 'root' ? 'machine' : node.type})`, ...facts].join('\n')
}
