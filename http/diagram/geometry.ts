/** A statechart with every size and place decided, in pixels from the top left corner: all that a renderer needs. */
export interface Geometry {
  /** The machine's id. */
  machine: string
  direction: Direction
  width: number
  height: number
  /** Parents before their children, so that drawing in this order never hides one. */
  nodes: NodeBox[]
  /** Arrows. Transitions between the same two states share one, each with label rows of its own. */
  routes: Route[]
}

export type Direction = 'down' | 'right'

export interface Box {
  x: number
  y: number
  width: number
  height: number
}

export interface Point {
  x: number
  y: number
}

export interface NodeBox extends Box {
  id: string
  path: string
  /** `region`: a child of a parallel state. `initial`: the dot that an initial arrow starts from; it is no state. */
  shape: 'root' | 'atomic' | 'compound' | 'parallel' | 'region' | 'final' | 'history' | 'initial'
  title: string
  /** How deep it is nested; the root is 0. */
  depth: number
  /** What it does on its own: entry, exit, invocations, tags, and transitions that stay in it. */
  lines: BoxLine[]
  /** Everything about it in words, uncut. */
  description: string
}

export interface BoxLine {
  kind: 'entry' | 'exit' | 'invoke' | 'tags' | 'stays'
  /** Cut to fit. */
  text: string
  /** Only of `stays`: the transition it stands for. */
  edge?: EdgeFacts
}

export interface Route {
  id: string
  /** Node ids. */
  source: string
  target: string
  /** At least two points, axis-parallel; the arrow head is at the last. */
  points: Point[]
  /** Path data (SVG) of the arrow, so that every renderer draws the same one. */
  line: string
  head: string
  /** Empty for initial arrows and for the further branches of a transition with several targets. */
  labels: EdgeLabel[]
  /** The transitions that this arrow stands for. */
  edges: string[]
}

export interface EdgeLabel extends Box {
  edge: EdgeFacts
  rows: LabelRow[]
}

export interface LabelRow {
  kind: 'event' | 'guard' | 'actions'
  text: string
}

/** What a page needs to find the transition that just fired. */
export interface EdgeFacts {
  id: string
  event: string
  /** Paths. */
  source: string
  targets: string[]
  /** In words, uncut: `executing to failed on error(executor), if canRetry, doing remember`. */
  description: string
}
