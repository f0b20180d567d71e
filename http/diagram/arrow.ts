import type { Point } from './geometry.ts'

/** Length of an arrow's head, and half of its width, in pixels. */
const HEAD = { length: 8, half: 4.5 }
const CORNER = 7

/** The path data (SVG 2, §9.3) of an arrow through these points: its line, which ends where the head begins, and its head. */
export function drawArrow(points: readonly Point[]): { line: string; head: string } {
  const [end, before] = [points.at(-1), points.at(-2)]
  if (!end || !before) return { line: '', head: '' }
  const [dx, dy] = [Math.sign(end.x - before.x), Math.sign(end.y - before.y)]
  const base = { x: end.x - dx * HEAD.length, y: end.y - dy * HEAD.length }
  const side = (by: number): string => `${base.x + dy * by} ${base.y - dx * by}`
  return {
    line: rounded([...points.slice(0, -1), base]),
    head: `M${end.x} ${end.y}L${side(HEAD.half)}L${side(-HEAD.half)}z`,
  }
}

/** A path whose corners are rounded as far as the shorter of their two sides allows. */
function rounded(points: readonly Point[]): string {
  return points
    .map((point, index) => {
      const [before, after] = [points[index - 1], points[index + 1]]
      if (!before) return `M${point.x} ${point.y}`
      if (!after) return `L${point.x} ${point.y}`
      const radius = Math.min(CORNER, distance(before, point) / 2, distance(point, after) / 2)
      const [start, end] = [towards(point, before, radius), towards(point, after, radius)]
      return `L${start.x} ${start.y}Q${point.x} ${point.y} ${end.x} ${end.y}`
    })
    .join('')
}

const distance = (a: Point, b: Point): number => Math.abs(a.x - b.x) + Math.abs(a.y - b.y)

function towards(from: Point, to: Point, by: number): Point {
  return { x: from.x + Math.sign(to.x - from.x) * by, y: from.y + Math.sign(to.y - from.y) * by }
}
