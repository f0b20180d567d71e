import type { Result, Row } from './result.ts'
import { figure } from './table.ts'

const WIDTH = 860
const LABEL = 230
const VALUE = 90
const BAR = 16
const GAP = 8
const TOP = 74
const BOTTOM = 58

/** In memory, nothing is committed: it would only press the others flat. */
const LEFT_OUT = new Set(['ceiling'])

/**
 * Events a second as bars on one linear scale from zero. Colours follow the reader's light or dark setting, and are never
 * the only thing that tells ours from theirs.
 */
export function renderChart(result: Result): string {
  const rows = result.rows.filter(({ name }) => !LEFT_OUT.has(name)).toSorted((a, b) => b.perSecond - a.perSecond)
  const most = Math.max(...rows.map(({ perSecond }) => perSecond), 1)
  const height = TOP + rows.length * (BAR + GAP) + BOTTOM
  const { cpu, cores, node, fsyncMs } = result.machine
  const words = [
    `${result.mode === 'quick' ? 'Quick run' : 'Full run'} of ${result.at.slice(0, 10)}, medians of ${result.sizes.rounds} interleaved rounds.`,
    `${cores} cores (${cpu}), Node ${node}, a write to the disk takes ${fsyncMs} ms. Client included. How: bench/README.md`,
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">
<title id="title">Committed events a second: ${escape(rows.map((row) => `${row.name} ${figure(row.perSecond)}`).join(', '))}</title>
<style>
  text { font: 13px ui-sans-serif, system-ui, sans-serif; fill: #1f2328 }
  .paper { fill: #ffffff } .head { font-size: 16px; font-weight: 600 } .small { font-size: 12px; fill: #59636e }
  .value { font-variant-numeric: tabular-nums } .ours { fill: #1a7f64 } .theirs { fill: #8c959f } .bound { fill: none; stroke: #8c959f; stroke-dasharray: 4 3 }
  .own { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .paper { fill: #0d1117 } .small { fill: #9198a1 } .ours { fill: #3fb68b } .theirs { fill: #6e7681 } .bound { stroke: #9198a1 }
  }
</style>
<rect class="paper" width="${WIDTH}" height="${height}" rx="8"/>
<text class="head" x="20" y="32">Events a second, each one a committed transition</text>
<text class="small" x="20" y="54">Bold and coloured: Troupe. Grey: others. Dashed: the bare commit of the same rows, 64 at a time.</text>
${rows.map((row, n) => bar(row, TOP + n * (BAR + GAP), most)).join('\n')}
${words.map((line, n) => `<text class="small" x="20" y="${height - BOTTOM + 28 + n * 18}">${escape(line)}</text>`).join('\n')}
</svg>
`
}

function bar({ name, perSecond }: Row, y: number, most: number): string {
  const room = WIDTH - LABEL - VALUE - 20
  const width = Math.max(1, (perSecond / most) * room)
  const ours = name.startsWith('troupe')
  const kind = ours ? 'ours' : name === 'floor' ? 'bound' : 'theirs'
  const middle = y + BAR - 3
  return [
    `<text class="${ours ? 'own' : ''}" x="${LABEL - 10}" y="${middle}" text-anchor="end">${escape(name)}</text>`,
    `<rect class="${kind}" x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`,
    `<text class="value" x="${(LABEL + width + 8).toFixed(1)}" y="${middle}">${figure(perSecond)}</text>`,
  ].join('')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
