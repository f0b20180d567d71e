import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ElkNode } from 'elkjs/lib/elk-api.js'
import { AppError } from '../../core/errors.ts'
import type { MachineGraph } from '../../core/graph.ts'
import { toElk } from './elk-graph.ts'
import { readGeometry } from './elk-read.ts'
import type { Direction, Geometry } from './geometry.ts'
import { outline } from './outline.ts'

/** Decides where everything in a statechart goes. The same graph always gives the same geometry. Keep the answer. */
export type Layout = (graph: MachineGraph, direction?: Direction) => Promise<Geometry>

/** How long the process is kept for the next graph: a server that starts lays all its machines out one after the other. */
const IDLE_MS = 2_000

/**
 * The engine needs hundreds of milliseconds of pure computation, most of it to start, and a hundred megabytes, which a
 * thread would not give back: so it is a process of its own, takes one graph at a time, and ends when nobody needs it, or
 * when it is not done after `longestMs`: the largest charts take a second or two, and others wait behind them.
 *
 * The program is a `.ts` file started by plain Node, which strips types by itself: `execArgv: []` keeps loaders out of it.
 */
export function createLayout(longestMs = 30_000): Layout {
  let engine: ChildProcess | undefined
  let ending: NodeJS.Timeout | undefined
  let before: Promise<unknown> = Promise.resolve()

  function end(): void {
    engine?.kill()
    engine = undefined
  }

  function start(): ChildProcess {
    const program = fileURLToPath(new URL('./layout-program.ts', import.meta.url))
    return fork(program, { execArgv: [], env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  }

  async function place(graph: ElkNode): Promise<ElkNode> {
    clearTimeout(ending)
    engine ??= start()
    engine.ref()
    engine.channel?.ref()
    const over = new AbortController()
    const late = AbortSignal.timeout(longestMs)
    const options = { signal: AbortSignal.any([over.signal, late]) }
    try {
      engine.send(graph)
      const [placed]: unknown[] = await Promise.race([once(engine, 'message', options), ended(engine, options)])
      engine.unref()
      engine.channel?.unref()
      ending = setTimeout(end, IDLE_MS).unref()
      return placed as ElkNode
    } catch (error) {
      // It may be busy still, or dead: the next graph gets another.
      end()
      throw late.aborted ? new AppError('internal', `No layout was found in ${longestMs} ms`) : error
    } finally {
      over.abort()
    }
  }

  return async (graph, direction = 'down') => {
    const chart = outline(graph)
    const elk = toElk(chart, direction)
    const placing = before.then(() => place(elk))
    before = placing.catch(() => undefined)
    return readGeometry(chart, await placing, direction)
  }
}

async function ended(engine: ChildProcess, options: { signal: AbortSignal }): Promise<never> {
  await once(engine, 'exit', options)
  throw new AppError('internal', 'The program that lays charts out has ended')
}
