import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { AppError } from '../../core/errors.ts'
import type { Tree } from './yaml-tree.ts'

/** Processor time of the thread, its start (about 0.1 s) included. */
const CPU_LIMIT_MS = 1_000
const CHECK_MS = 100
/** A loaded machine may need seconds to give the thread its second; a dead one must not be waited for. */
const WALL_LIMIT_MS = 10_000

/**
 * Reads YAML or JSON in a thread of its own, killed after one second of work and bounded in memory, so that hostile
 * text costs the main loop nothing. Answers undefined when the text was too much. The limit is processor time and not
 * wall time, so that a busy machine refuses nothing that an idle one accepts.
 *
 * The worker is a `.ts` file started by plain Node, which strips types by itself (22.18 and later): `execArgv: []`
 * keeps loaders such as tsx out of it, so the same line works under node, tsx and vitest, and starts faster. The
 * processor time of a thread can be read since Node 24.6.
 */
export async function readInThread(text: string, cpuLimitMs = CPU_LIMIT_MS): Promise<Tree | undefined> {
  const worker = new Worker(new URL('./yaml-worker.ts', import.meta.url), {
    workerData: text,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
  })
  const done = new AbortController()
  try {
    return await Promise.race([
      answerOf(worker),
      tooMuchWork(worker, cpuLimitMs, done.signal),
      delay(WALL_LIMIT_MS, undefined, { signal: done.signal }),
    ])
  } finally {
    done.abort()
    await worker.terminate()
  }
}

async function answerOf(worker: Worker): Promise<Tree | undefined> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    // A parser that ran out of stack or memory ends its thread: that text, too, was too much.
    worker.once('error', (error: Error & { code?: string }) => {
      if (error instanceof RangeError || error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve(undefined)
      else reject(new AppError('internal', 'The thread that reads definitions did not work', { cause: error }))
    })
    worker.once('exit', () => resolve(undefined))
  })
}

/** Resolves when the thread has worked longer than it may; never when it ends before. */
async function tooMuchWork(worker: Worker, cpuLimitMs: number, signal: AbortSignal): Promise<undefined> {
  try {
    for (;;) {
      await delay(CHECK_MS, undefined, { signal })
      const { user, system } = await worker.cpuUsage()
      if ((user + system) / 1_000 > cpuLimitMs) return undefined
    }
  } catch (error) {
    const ended = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_NOT_RUNNING'
    if (!signal.aborted && !ended) throw error
    // The thread's own answer, error or exit decides.
    return new Promise(() => undefined)
  }
}
