/** A statechart as plain JSON: what `describe()` reads off a machine, and what every diagram is drawn from. */
export interface MachineGraph {
  /** The machine's own id. */
  id: string
  version?: string
  root: GraphNode
  /** In document order: the order in which XState tries them, where several leave one state on one event. */
  edges: GraphEdge[]
}

export interface GraphNode {
  /** XState's id, unique in the machine; edges name nodes by it. */
  id: string
  key: string
  /** Keys joined by dots, as in state values: `on.playing`. The root's is empty. */
  path: string
  type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  description?: string
  tags: string[]
  /** Id of the node entered first; for a history node, of the one entered while there is no history yet. */
  initial?: string
  /** Only of history nodes. */
  history?: 'shallow' | 'deep'
  entry: string[]
  exit: string[]
  invoke: GraphInvoke[]
  children: GraphNode[]
}

export interface GraphInvoke {
  id: string
  src: string
}

export interface GraphEdge {
  /** Unique in the machine, and the same as long as its source, its event and its place among that event's edges are. */
  id: string
  /** Node id. */
  source: string
  /** Node ids; several when it enters several regions, none when the machine stays where it is. */
  targets: string[]
  /** The raw type: `PAUSE`, `lock.*`, `xstate.after.timeout.run.executing`; empty for `always`. */
  event: string
  /** For people: `PAUSE`, `after 30 s`, `always`, `done(executor)`. */
  label: string
  guard?: string
  actions: string[]
  kind: 'event' | 'after' | 'always' | 'done' | 'error' | 'wildcard'
  /** Known only for delays that are numbers; named delays may be computed when they start. */
  delayMs?: number
  delayName?: string
}
