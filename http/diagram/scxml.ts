import type { GraphEdge, GraphNode, MachineGraph } from '../../core/graph.ts'

/**
 * The statechart as SCXML (W3C, 2015), for other tools. Structure, events, delays and invocations are SCXML's own; guards
 * and actions are functions of the machine, which SCXML cannot hold, so guards stand by name in `cond` (data model
 * `x-xstate`) and actions as elements of a namespace of their own.
 */
export function renderScxml(graph: MachineGraph): string {
  const chart: Chart = { edges: Map.groupBy(graph.edges, (edge) => edge.source), ids: idsOf(graph.root) }
  const root = idOf(chart, graph.root.id)
  const head = [
    ['xmlns', 'http://www.w3.org/2005/07/scxml'],
    ['xmlns:x', 'urn:troupe:xstate'],
    ['version', '1.0'],
    ['datamodel', 'x-xstate'],
    ['name', token(graph.id)],
    ['initial', root],
  ] as const
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('scxml', head, stateOf(graph.root, chart), '')}\n`
}

interface Chart {
  edges: ReadonlyMap<string, GraphEdge[]>
  /** Node id → a name that XML allows, unique in the document. */
  ids: ReadonlyMap<string, string>
}

type Attributes = readonly (readonly [string, string | undefined])[]
/** Lines of an element, for an indent. */
type Piece = (indent: string) => string

function stateOf(node: GraphNode, chart: Chart): Piece[] {
  const id = idOf(chart, node.id)
  const edges = chart.edges.get(node.id) ?? []
  const about = node.description === undefined ? [] : [comment(node.description)]
  if (node.type === 'history') {
    const target = node.initial === undefined ? undefined : idOf(chart, node.initial)
    return [
      ...about,
      piece(
        'history',
        [
          ['id', id],
          ['type', node.history ?? 'shallow'],
        ],
        [piece('transition', [['target', target]])],
      ),
    ]
  }
  const delays = edges.filter(({ kind }) => kind === 'after')
  const armed = [...Map.groupBy(delays, ({ event }) => event).values()].flatMap(([first]) => (first ? [first] : []))
  const entry = [...armed.map((edge) => send(edge)), ...node.entry.map(action)]
  const exit = [...armed.map(({ event }) => piece('cancel', [['sendid', token(event)]])), ...node.exit.map(action)]
  const initial = node.type === 'compound' && node.initial !== undefined ? idOf(chart, node.initial) : undefined
  const inner = [
    ...(entry.length > 0 ? [piece('onentry', [], entry)] : []),
    ...(exit.length > 0 ? [piece('onexit', [], exit)] : []),
    ...node.invoke.map(({ id: invoked, src }) =>
      piece('invoke', [
        ['type', 'x-xstate'],
        ['id', token(invoked)],
        ['src', encodeURI(src)],
      ]),
    ),
    ...(node.type === 'final' ? [] : edges.map((edge) => transition(edge, node, chart))),
    ...node.children.flatMap((child) => stateOf(child, chart)),
  ]
  const tag = node.type === 'parallel' || node.type === 'final' ? node.type : 'state'
  return [
    ...about,
    piece(
      tag,
      [
        ['id', id],
        ['initial', initial],
      ],
      inner,
    ),
  ]
}

function transition(edge: GraphEdge, node: GraphNode, chart: Chart): Piece {
  const targets = edge.targets.map((target) => idOf(chart, target))
  const inside =
    node.type === 'compound' &&
    edge.targets.length > 0 &&
    edge.targets.every((target) => target !== node.id && holds(node, target))
  return piece(
    'transition',
    [
      ['event', eventOf(edge, chart)],
      ['cond', edge.guard],
      ['target', targets.length > 0 ? targets.join(' ') : undefined],
      // XState leaves a state that a transition goes into only where it is told to.
      ['type', inside ? 'internal' : undefined],
    ],
    edge.actions.map(action),
  )
}

/** The event in SCXML's own words where it has some; undefined for a transition that waits for none. */
function eventOf({ event, kind }: GraphEdge, chart: Chart): string | undefined {
  if (kind === 'always') return undefined
  const [, what, of] = /^xstate\.(done\.state|done\.actor|error\.actor)\.(.*)$/s.exec(event) ?? []
  if (of === undefined) return token(event)
  if (what === 'done.state') return `done.state.${chart.ids.get(of) ?? token(of)}`
  return what === 'done.actor' ? `done.invoke.${token(of)}` : `error.invoke.${token(of)}`
}

/** A delay is an event that the state sends to itself when it is entered. */
function send({ event, delayMs, delayName }: GraphEdge): Piece {
  return piece('send', [
    ['id', token(event)],
    ['event', token(event)],
    ...(delayMs === undefined
      ? ([['delayexpr', delayName ?? 'inline']] as const)
      : ([['delay', `${delayMs}ms`]] as const)),
  ])
}

function action(name: string): Piece {
  return piece('x:action', [['name', name]])
}

function comment(text: string): Piece {
  return (indent) => `${indent}<!-- ${text.replaceAll(/-(?=-)/g, '- ').replace(/-$/, '- ')} -->`
}

function piece(name: string, attributes: Attributes, inner: readonly Piece[] = []): Piece {
  return (indent) => element(name, attributes, inner, indent)
}

function element(name: string, attributes: Attributes, inner: readonly Piece[], indent: string): string {
  const told = attributes
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${escape(value)}"`]))
    .join('')
  if (inner.length === 0) return `${indent}<${name}${told}/>`
  return [`${indent}<${name}${told}>`, ...inner.map((one) => one(`${indent}  `)), `${indent}</${name}>`].join('\n')
}

function idsOf(root: GraphNode): Map<string, string> {
  const ids = new Map<string, string>()
  const taken = new Set<string>()
  const visit = (node: GraphNode): void => {
    const wanted = /^[\p{L}_]/u.test(node.id) ? token(node.id) : `_${token(node.id)}`
    let id = wanted
    for (let n = 2; taken.has(id); n++) id = `${wanted}_${n}`
    taken.add(id)
    ids.set(node.id, id)
    for (const child of node.children) visit(child)
  }
  visit(root)
  return ids
}

function idOf(chart: Chart, id: string): string {
  return chart.ids.get(id) ?? token(id)
}

function holds(node: GraphNode, id: string): boolean {
  return node.id === id || node.children.some((child) => holds(child, id))
}

/** What may stand in an XML name or in an event descriptor. */
function token(text: string): string {
  if (text === '*') return text
  const [, stem = text, wildcard = ''] = /^(.*?)(\.\*)?$/s.exec(text) ?? []
  return stem.replaceAll(/[^\p{L}\p{N}._-]/gu, '_') + wildcard
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
}

/** Control characters, which XML cannot hold at all, are left out. */
function escape(text: string): string {
  return text
    .replaceAll(/[&<>"\n\t]/g, (found) => ENTITIES[found] ?? '')
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g, '')
}
