import type { GraphEdge, GraphNode, MachineGraph } from '../../core/graph.ts'

/**
 * The statechart as Mermaid `stateDiagram-v2` text, for READMEs and pull requests. Mermaid has no history states, no
 * double borders and no arrow from a state to one inside it: those become a state called H, an arrow to `[*]`, and an
 * arrow from a state called "anywhere in …".
 */
export function renderMermaid(graph: MachineGraph): string {
  const names = new Map<string, string>()
  const inside = new Map<string, string[]>()
  walk(graph.root, [], (node, above) => {
    names.set(node.id, `s${names.size}`)
    inside.set(node.id, above)
  })
  const chart: Chart = { graph, names, contains: (outer, inner) => inside.get(inner)?.includes(outer) ?? false }
  // Mermaid draws regions only inside a state.
  const body = graph.root.type === 'parallel' ? state(graph.root, chart, '  ') : content(graph.root, chart, '  ')
  return ['stateDiagram-v2', ...body, ''].join('\n')
}

interface Chart {
  graph: MachineGraph
  names: ReadonlyMap<string, string>
  /** Whether the first node holds the second, at any depth. */
  contains(outer: string, inner: string): boolean
}

function content(node: GraphNode, chart: Chart, indent: string): string[] {
  const own = nameOf(node.id, chart)
  const lines = node.children.flatMap((child, index) => [
    ...(node.type === 'parallel' && index > 0 ? [`${indent}--`] : []),
    ...state(child, chart, indent),
  ])
  if (node.type === 'compound' && node.initial !== undefined)
    lines.push(`${indent}[*] --> ${nameOf(node.initial, chart)}`)
  const edges = chart.graph.edges.filter((edge) => edge.source === node.id)
  const inwards = edges.flatMap((edge) =>
    edge.targets.filter((target) => chart.contains(node.id, target)).map((target) => ({ edge, target })),
  )
  const stays = node.children.length > 0 ? edges.filter((edge) => edge.targets.length === 0) : []
  if (inwards.length + stays.length > 0) lines.push(`${indent}state "anywhere in ${text(node.key)}" as ${own}_any`)
  for (const edge of stays) lines.push(`${indent}${own}_any : ${label(edge)}`)
  for (const { edge, target } of inwards)
    lines.push(`${indent}${own}_any --> ${nameOf(target, chart)} : ${label(edge)}`)
  return [...lines, ...node.children.flatMap((child) => arrows(child, chart, indent))]
}

function state(node: GraphNode, chart: Chart, indent: string): string[] {
  const name = nameOf(node.id, chart)
  const title = node.type === 'history' ? (node.history === 'deep' ? 'H*' : 'H') : text(node.key)
  const head = `${indent}state "${title}" as ${name}`
  if (node.children.length > 0) return [`${head} {`, ...content(node, chart, `${indent}  `), `${indent}}`]
  const stays = chart.graph.edges.filter((edge) => edge.source === node.id && edge.targets.length === 0)
  const lines = [
    ...node.entry.map((action) => `entry / ${action}`),
    ...node.invoke.map(({ src }) => `invoke / ${src}`),
    ...node.exit.map((action) => `exit / ${action}`),
  ]
  return [
    head,
    ...lines.map((line) => `${indent}${name} : ${text(line)}`),
    ...stays.map((edge) => `${indent}${name} : ${label(edge)}`),
  ]
}

function arrows(node: GraphNode, chart: Chart, indent: string): string[] {
  const name = nameOf(node.id, chart)
  const lines = node.type === 'final' ? [`${indent}${name} --> [*]`] : []
  for (const edge of chart.graph.edges) {
    if (edge.source !== node.id) continue
    for (const target of edge.targets) {
      if (chart.contains(node.id, target)) continue
      const back = chart.contains(target, node.id)
      if (back) lines.push(`${indent}${name} : ${label(edge)} → ${text(target)}`)
      else lines.push(`${indent}${name} --> ${nameOf(target, chart)} : ${label(edge)}`)
    }
  }
  return lines
}

function label(edge: GraphEdge): string {
  const guard = edge.guard === undefined ? '' : ` [${edge.guard}]`
  const actions = edge.actions.length > 0 ? ` / ${edge.actions.join(', ')}` : ''
  return text(`${edge.label}${guard}${actions}`)
}

/**
 * Characters that Mermaid reads as syntax, replaced by ones that look much the same: its own entities (`#59;`) come out
 * undecoded in state diagrams.
 */
const LOOKALIKES: Record<string, string> = {
  '"': '”',
  '#': '＃',
  ':': '∶',
  ';': ',',
  '<': '‹',
  '>': '›',
  '{': '(',
  '}': ')',
  '\\': '/',
  '`': '’',
  '%': '％',
}

function text(raw: string): string {
  return raw.replaceAll(/["#:;<>{}\\`%]|\p{Cc}/gu, (character) => LOOKALIKES[character] ?? ' ')
}

function nameOf(id: string, chart: Chart): string {
  return chart.names.get(id) ?? 's0'
}

function walk(node: GraphNode, above: string[], visit: (node: GraphNode, above: string[]) => void): void {
  visit(node, above)
  for (const child of node.children) walk(child, [...above, node.id], visit)
}
