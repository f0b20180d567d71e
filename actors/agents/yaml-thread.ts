import { Worker } from 'node:worker_threads'
import { AppError } from '../../core/errors.ts'
import type { Tree } from './yaml-tree.ts'

const PARSE_MS = 1_000
const START_MS = 10_000

/**
 * Reads YAML or JSON in a thread of its own, killed after one second and bounded in memory, so that hostile text costs
 * the main loop nothing. Answers undefined when the thread was killed or died.
 *
 * The worker is a `.ts` file started by plain Node, which strips types by itself (22.18 and later): `execArgv: []`
 * keeps loaders such as tsx out of it, so the same line works under node, tsx and vitest, and starts faster.
 */
export async function readInThread(text: string): Promise<Tree | undefined> {
  const worker = new Worker(new URL('./yaml-worker.ts', import.meta.url), {
    workerData: text,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
  })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<Tree | undefined>((resolve, reject) => {
      timer = setTimeout(() => reject(notStarted()), START_MS)
      worker.on('message', (message: Tree | 'ready') => {
        if (message !== 'ready') return resolve(message)
        clearTimeout(timer)
        timer = setTimeout(() => resolve(undefined), PARSE_MS)
      })
      // A parser that ran out of stack or memory ends its thread: the text is refused as if it had taken too long.
      worker.once('error', (error: Error & { code?: string }) => {
        if (error instanceof RangeError || error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve(undefined)
        else reject(notStarted(error))
      })
      worker.once('exit', () => resolve(undefined))
    })
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}

function notStarted(cause?: Error): AppError {
  return new AppError('internal', 'The thread that reads definitions did not work', { cause })
}
