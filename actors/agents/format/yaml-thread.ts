import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { AppError } from '../../../core/errors.ts'
import type { Tree } from './yaml-tree.ts'

/** Processor time for one text, the start of its thread (about 0.1 s) included. */
const CPU_LIMIT_MS = 1_000
const CHECK_MS = 100
/** A loaded machine may need seconds to give the thread its second; a dead one must not be waited for. */
const WALL_LIMIT_MS = 10_000
/** Each may take 160 MB: a flood of texts waits in line. */
const MOST_THREADS = 2
/** Beyond it, whoever comes is asked to come again, instead of waiting for minutes behind hostile texts. */
const LONGEST_LINE = 100
/** How long a thread is kept for the next text: a folder of definitions is read by one. */
const IDLE_MS = 2_000

/** Reads YAML or JSON; undefined when the text was too much. Throws `source.overloaded` when too many wait already. */
export type ReadTree = (text: string) => Promise<Tree | undefined>

/**
 * Reads in a thread of its own, killed after one second of work and bounded in memory, so that hostile text costs the
 * main loop nothing. The limit is processor time and not wall time, so that a busy machine refuses nothing that an idle
 * one accepts. A thread that answered is kept for a moment; one that was too slow never reads another text.
 *
 * The worker is a `.ts` file started by plain Node, which strips types by itself (22.18 and later): `execArgv: []`
 * keeps loaders such as tsx out of it, so the same line works under node, tsx and vitest, and starts faster. The
 * processor time of a thread can be read since Node 24.6.
 */
export function createThreadReader(cpuLimitMs = CPU_LIMIT_MS): ReadTree {
  const idle: { worker: Worker; timer: NodeJS.Timeout }[] = []
  const line: (() => void)[] = []
  let busy = 0

  function take(): Worker {
    const kept = idle.pop()
    if (!kept) return startWorker()
    clearTimeout(kept.timer)
    return kept.worker
  }

  function keep(worker: Worker): void {
    const timer = setTimeout(() => {
      const at = idle.findIndex((one) => one.worker === worker)
      if (at >= 0) idle.splice(at, 1)
      void worker.terminate()
    }, IDLE_MS)
    timer.unref()
    worker.unref()
    idle.push({ worker, timer })
  }

  async function turn(): Promise<void> {
    if (busy < MOST_THREADS) {
      busy += 1
      return
    }
    if (line.length >= LONGEST_LINE) {
      throw new AppError('source.overloaded', 'Too many definitions are being read at once: send it again')
    }
    await new Promise<void>((resolve) => line.push(resolve))
  }

  /** Hands the place on as it is, so that nobody who comes meanwhile can take it. */
  function leave(): void {
    const next = line.shift()
    if (next) next()
    else busy -= 1
  }

  return async (text) => {
    await turn()
    const worker = take()
    worker.ref()
    const done = new AbortController()
    let tree: Tree | undefined
    try {
      const answer = answerOf(worker, done.signal)
      worker.postMessage(text)
      tree = await Promise.race([
        answer,
        tooMuchWork(worker, cpuLimitMs, done.signal),
        delay(WALL_LIMIT_MS, undefined, { signal: done.signal }),
      ])
      return tree
    } finally {
      done.abort()
      if (tree) keep(worker)
      else await worker.terminate()
      leave()
    }
  }
}

function startWorker(): Worker {
  const worker = new Worker(new URL('./yaml-worker.ts', import.meta.url), {
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
  })
  // One that is being ended may still run out of memory. Nobody listens any more, and unheard that would end this process.
  return worker.on('error', () => undefined)
}

async function answerOf(worker: Worker, done: AbortSignal): Promise<Tree | undefined> {
  return new Promise((resolve, reject) => {
    // A parser that ran out of stack or memory ends its thread: that text, too, was too much.
    const onError = (error: Error & { code?: string }): void => {
      if (error instanceof RangeError || error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve(undefined)
      else reject(new AppError('internal', 'The thread that reads definitions did not work', { cause: error }))
    }
    const onExit = (): void => resolve(undefined)
    worker.on('message', resolve).on('error', onError).on('exit', onExit)
    done.addEventListener('abort', () => worker.off('message', resolve).off('error', onError).off('exit', onExit))
  })
}

/** Resolves when the thread has worked longer than it may on this text; never when it ends before. */
async function tooMuchWork(worker: Worker, cpuLimitMs: number, signal: AbortSignal): Promise<undefined> {
  try {
    const before = await worker.cpuUsage()
    for (;;) {
      await delay(CHECK_MS, undefined, { signal })
      const { user, system } = await worker.cpuUsage(before)
      if ((user + system) / 1_000 > cpuLimitMs) return undefined
    }
  } catch (error) {
    const ended = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_NOT_RUNNING'
    if (!signal.aborted && !ended) throw error
    // The thread's own answer, error or exit decides.
    return new Promise(() => undefined)
  }
}
