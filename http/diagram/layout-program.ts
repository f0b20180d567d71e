import elk from 'elkjs/lib/elk.bundled.js'
import type { ElkNode } from 'elkjs/lib/elk-api.js'

/** The far side of `createLayout()`: takes ELK graphs, sends each back with coordinates; ends with its parent. */
const engine = new elk.default()
process.on('message', (graph: ElkNode) => {
  // What goes wrong ends the process, and is told to whoever waits.
  void engine.layout(graph).then((placed) => process.send?.(placed))
})
