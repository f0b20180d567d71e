import { parentPort, workerData } from 'node:worker_threads'
import elk from 'elkjs/lib/elk.bundled.js'
import type { ElkNode } from 'elkjs/lib/elk-api.js'

/** The far side of `layout()`: takes one ELK graph as worker data, posts it back with coordinates, and ends. */
const graph: ElkNode = workerData
parentPort?.postMessage(await new elk.default().layout(graph))
