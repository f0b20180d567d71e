import type { BoxLine, EdgeLabel, Geometry, NodeBox, Route } from '../../../../http/diagram/geometry.ts'
import { SIZE } from './size.ts'

/**
 * A statechart from its geometry, drawn once. What happens to the actor afterwards changes attributes only, by
 * `lighting.ts`: `data-active` on `[data-state]`; `data-fired`, `data-possible` and `data-refused` on `[data-edge]`.
 */
export function Drawing({ geometry }: { geometry: Geometry }) {
  const { nodes, routes } = geometry
  return (
    <>
      <g>
        {nodes.map((node) => (
          <Node key={node.id} node={node} />
        ))}
      </g>
      <g>
        {routes.map((route) => (
          <Line key={route.id} route={route} />
        ))}
      </g>
      {/* Over the arrows, some of which have to cross a container's head. */}
      <g>
        {nodes.filter(hasHead).map((node) => (
          <HeadTitle key={node.id} node={node} />
        ))}
      </g>
      <g>{routes.flatMap(({ labels }) => labels.map((label) => <Label key={label.edge.id} label={label} />))}</g>
      <g>
        {nodes
          .filter(({ lines }) => lines.some(({ kind }) => kind === 'invoke'))
          .map((node) => (
            <Work key={node.id} node={node} />
          ))}
      </g>
    </>
  )
}

function Node({ node }: { node: NodeBox }) {
  const { x, y, width, height, shape, path, title, lines, description } = node
  if (shape === 'initial') return <circle class="dot" cx={x + width / 2} cy={y + height / 2} r={width / 2 - 1} />
  if (shape === 'history') {
    return (
      <g class="history" data-state={path}>
        <title>{description}</title>
        <circle class="box" cx={x + width / 2} cy={y + height / 2} r={width / 2} />
        <text class="name middle" x={x + width / 2} y={y + height / 2 + 4.5}>
          {title}
        </text>
      </g>
    )
  }
  const head = hasHead(node)
  const bottom = y + headHeight(lines)
  const top = y + SIZE.titleRow + 15
  return (
    <g class={shape} data-state={path}>
      <title>{description}</title>
      <rect class="box" x={x} y={y} width={width} height={height} rx="8" />
      {shape === 'final' && <rect class="inner" x={x + 3.5} y={y + 3.5} width={width - 7} height={height - 7} rx="5" />}
      {head && (
        <path
          class="band"
          d={`M${x + 1} ${bottom}V${y + 8}a7 7 0 0 1 7 -7H${x + width - 8}a7 7 0 0 1 7 7V${bottom}z`}
        />
      )}
      {(head || lines.length > 0) && <path class="rule" d={`M${x} ${head ? bottom : y + SIZE.titleRow}h${width}`} />}
      <circle class="mark" cx={x + 13} cy={y + 15} r="4.5" />
      {!head && (
        <text class="name middle" x={x + width / 2} y={y + 19.5}>
          {title}
        </text>
      )}
      {lines.map((line, index) => (
        <StateLine key={line.text} line={line} x={x + SIZE.padding} y={top + index * SIZE.lineRow} />
      ))}
    </g>
  )
}

function HeadTitle({ node: { x, y, title } }: { node: NodeBox }) {
  return (
    <text class="name head-title" x={x + 24} y={y + 19.5}>
      {title}
    </text>
  )
}

function StateLine({ line, x, y }: { line: BoxLine; x: number; y: number }) {
  const [word = '', ...rest] = line.text.split(' ')
  const text = (
    <text class={`small ${line.kind}`} x={x} y={y}>
      <tspan class="word">{word}</tspan> {rest.join(' ')}
    </text>
  )
  if (!line.edge) return text
  return (
    <g data-edge={line.edge.id}>
      <title>{line.edge.description}</title>
      {text}
    </g>
  )
}

function Line({ route: { line, head, edges } }: { route: Route }) {
  const drawn = (
    <>
      <path class="line" d={line} />
      <path class="head" d={head} />
    </>
  )
  // One arrow may stand for several transitions: each wraps it, so that lighting any of them lights the arrow.
  return edges.reduce((inner, id) => <g data-edge={id}>{inner}</g>, drawn)
}

function Label({ label: { x, y, width, height, rows, edge } }: { label: EdgeLabel }) {
  return (
    <g data-edge={edge.id} data-event={edge.event} class="label">
      <title>{edge.description}</title>
      <rect class="pill" x={x} y={y + 1} width={width} height={height - 2} rx="6" />
      {rows.map((row, index) => (
        <text key={row.kind} class={`${row.kind} middle`} x={x + width / 2} y={y + 13 + index * SIZE.labelRow}>
          {row.text}
        </text>
      ))}
      <text class="count middle" x={x + width / 2} y={y + height + 11} />
    </g>
  )
}

/** What is under way in a state: how far it is, over the upper right corner of its box. */
function Work({ node: { x, y, width, path } }: { node: NodeBox }) {
  return <text class="count work" data-work={path} x={x + width - 8} y={y - 5} />
}

/** A state with others inside has a head; one without is nothing but its head. */
function hasHead({ shape, lines, height }: NodeBox): boolean {
  return /^(root|compound|parallel|region)$/.test(shape) && height > headHeight(lines)
}

function headHeight(lines: readonly BoxLine[]): number {
  return SIZE.titleRow + (lines.length > 0 ? lines.length * SIZE.lineRow + 8 : 0)
}
