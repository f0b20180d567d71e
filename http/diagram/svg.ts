import { headHeight, SIZE } from './boxes.ts'
import type { BoxLine, EdgeFacts, EdgeLabel, Geometry, NodeBox, Route } from './geometry.ts'
import { STATECHART_CSS } from './style.ts'

export interface SvgOptions {
  /** Paths of the active states. */
  active?: readonly string[]
  /** Id of the transition that was taken last. */
  fired?: string
  /** Ids of the transitions that could be taken next. */
  possible?: readonly string[]
  title?: string
}

/** Draws a statechart as one standalone SVG: no script, no reference to anything outside, everything escaped. */
export function renderSvg(geometry: Geometry, options: SvgOptions = {}): string {
  const { width, height } = geometry
  const active = new Set(options.active ?? [])
  const lit: Lit = { fired: options.fired, possible: new Set(options.possible ?? []) }
  const lines = geometry.routes.map((route) => drawLine(route, lit))
  const labels = geometry.routes.flatMap((route) => route.labels.map((label) => drawLabel(label, lit)))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="statechart" role="graphics-document document" aria-roledescription="statechart"`,
    ` viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<title>${escape(options.title ?? `Statechart of ${geometry.machine}`)}</title>`,
    `<desc>${escape(summary(geometry, active))}</desc>`,
    `<style>${STATECHART_CSS}</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    `<g>${geometry.nodes.map((node) => drawNode(node, active, lit)).join('\n')}</g>`,
    `<g>${lines.join('\n')}</g>`,
    // Over the arrows, some of which have to cross a container's head.
    `<g>${geometry.nodes.map(drawHeadTitle).join('')}</g>`,
    `<g>${labels.join('\n')}</g>`,
    `</svg>`,
  ].join('\n')
}

interface Lit {
  fired: string | undefined
  possible: ReadonlySet<string>
}

function summary(geometry: Geometry, active: ReadonlySet<string>): string {
  const states = geometry.nodes.filter((node) => node.shape !== 'initial' && node.shape !== 'root')
  const current = states.filter((node) => active.has(node.path)).map((node) => node.path)
  const count = `${states.length} states, ${geometry.routes.reduce((sum, route) => sum + route.labels.length, 0)} transitions.`
  return current.length > 0 ? `${count} Current state: ${current.join(', ')}.` : count
}

function drawNode(node: NodeBox, active: ReadonlySet<string>, lit: Lit): string {
  const { x, y, width, height, shape } = node
  if (shape === 'initial')
    return `<circle class="dot" cx="${x + width / 2}" cy="${y + height / 2}" r="${width / 2 - 1}"/>`
  const isActive = shape !== 'root' && active.has(node.path)
  const state = isActive ? ' data-active="true" aria-current="true"' : ''
  const name = escape(node.path || node.title)
  const open = `<g class="${shape}" role="graphics-symbol" aria-label="${name}" data-state="${escape(node.path)}"${state}>`
  const mark = `<circle class="mark" cx="${x + 13}" cy="${y + 15}" r="5"/>`
  return `${open}<title>${escape(node.description)}</title>${drawShape(node)}${mark}${drawTexts(node, lit)}</g>`
}

function drawShape(node: NodeBox): string {
  const { x, y, width, height, shape, lines } = node
  const rect = (name: string, inset: number, radius: number): string =>
    `<rect class="${name}" x="${x + inset}" y="${y + inset}" width="${width - 2 * inset}" height="${height - 2 * inset}" rx="${radius}"/>`
  const rule = (at: number): string => `<path class="rule" d="M${x} ${at}H${x + width}"/>`
  if (shape === 'history') return `<circle class="box" cx="${x + width / 2}" cy="${y + height / 2}" r="${width / 2}"/>`
  if (hasHead(node)) {
    const bottom = y + headHeight(lines)
    const band = `M${x + 1.5} ${bottom}V${y + 10}a8.5 8.5 0 0 1 8.5 -8.5H${x + width - 10}a8.5 8.5 0 0 1 8.5 8.5V${bottom}z`
    return `${rect('box', 0, 10)}<path class="band" d="${band}"/>${rule(bottom)}`
  }
  const inner = shape === 'final' ? rect('inner', 3.5, 7) : ''
  return `${rect('box', 0, 10)}${inner}${lines.length > 0 ? rule(y + SIZE.titleRow) : ''}`
}

function drawTexts(node: NodeBox, lit: Lit): string {
  const { x, y, width, height, shape, title, lines } = node
  if (shape === 'history')
    return `<text class="name middle" x="${x + width / 2}" y="${y + height / 2 + 4.5}">${title}</text>`
  const name = `<text class="name middle" x="${x + width / 2}" y="${y + 19.5}">${escape(title)}</text>`
  const top = y + SIZE.titleRow + 15
  return (
    (hasHead(node) ? '' : name) +
    lines.map((line, index) => drawBoxLine(line, x + SIZE.padding, top + index * SIZE.lineRow, lit)).join('')
  )
}

function drawHeadTitle(node: NodeBox): string {
  if (!hasHead(node)) return ''
  return `<text class="name head-title" x="${node.x + 24}" y="${node.y + 19.5}">${escape(node.title)}</text>`
}

/** A state with others inside has a head; one without is nothing but its head. */
function hasHead({ shape, lines, height }: NodeBox): boolean {
  return (
    shape !== 'atomic' && shape !== 'final' && shape !== 'history' && shape !== 'initial' && height > headHeight(lines)
  )
}

function drawBoxLine(line: BoxLine, x: number, y: number, lit: Lit): string {
  const [word = '', ...rest] = line.text.split(' ')
  const text = `<text class="small" x="${x}" y="${y}"><tspan class="word">${escape(word)}</tspan> ${escape(rest.join(' '))}</text>`
  if (!line.edge) return text
  return `<g ${edgeAttributes(line.edge, lit)}><title>${escape(line.edge.description)}</title>${text}</g>`
}

function drawLine({ line, head, edges }: Route, lit: Lit): string {
  const drawn = `<path class="line" d="${line}"/><path class="head" d="${head}"/>`
  // One arrow may stand for several transitions: each wraps it, so that lighting any of them lights the arrow.
  return edges.reduce((inner, id) => `<g data-edge="${escape(id)}"${litAttributes(id, lit)}>${inner}</g>`, drawn)
}

function drawLabel({ x, y, width, height, rows, edge }: EdgeLabel, lit: Lit): string {
  const texts = rows.map(
    (row, index) =>
      `<text class="${row.kind} middle" x="${x + width / 2}" y="${y + 13 + index * SIZE.labelRow}">${escape(row.text)}</text>`,
  )
  const pill = `<rect class="pill" x="${x}" y="${y + 1}" width="${width}" height="${height - 2}" rx="6"/>`
  return `<g ${edgeAttributes(edge, lit)}><title>${escape(edge.description)}</title>${pill}${texts.join('')}</g>`
}

function edgeAttributes(edge: EdgeFacts, lit: Lit): string {
  const where = `data-source="${escape(edge.source)}" data-targets="${escape(edge.targets.join(' '))}"`
  return `data-edge="${escape(edge.id)}" data-event="${escape(edge.event)}" ${where}${litAttributes(edge.id, lit)}`
}

function litAttributes(id: string, lit: Lit): string {
  return `${lit.fired === id ? ' data-fired="true"' : ''}${lit.possible.has(id) ? ' data-possible="true"' : ''}`
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Also drops the characters that XML cannot hold at all: one of them would make the whole picture unreadable. */
function escape(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
