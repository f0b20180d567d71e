import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { ElkNode } from 'elkjs/lib/elk-api.js'
import type { MachineGraph } from '../../core/graph.ts'
import { toElk } from './elk-graph.ts'
import { readGeometry } from './elk-read.ts'
import type { Direction, Geometry } from './geometry.ts'
import { outline } from './outline.ts'

/**
 * Decides where everything in a statechart goes. The same graph always gives the same geometry.
 *
 * The engine needs 300–700 ms of pure computation, most of it to start, so each call has a thread of its own and the
 * event loop stays free. Keep the answer: it depends on the machine alone.
 */
export async function layout(
  graph: MachineGraph,
  options: { direction?: Direction; signal?: AbortSignal } = {},
): Promise<Geometry> {
  options.signal?.throwIfAborted()
  const direction = options.direction ?? 'down'
  const chart = outline(graph)
  const elk = toElk(chart, direction)
  const worker = new Worker(new URL('./layout-worker.ts', import.meta.url), { workerData: elk })
  try {
    // A worker that throws emits `error`, which rejects this.
    const [laidOut]: ElkNode[] = await once(worker, 'message', { signal: options.signal })
    return readGeometry(chart, laidOut ?? elk, direction)
  } finally {
    await worker.terminate()
  }
}
