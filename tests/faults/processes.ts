import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { eventually } from '../support/eventually.ts'

const PROGRAM = fileURLToPath(new URL('./programs/worker.ts', import.meta.url))

export interface Worker {
  readonly pid: number
  /** What it said so far, one object a line. */
  readonly said: Record<string, unknown>[]
  /** Tells it to send; its answer appears in `said`. */
  send(address: string, event: { type: string; [key: string]: unknown }, id: string): void
  signal(signal: NodeJS.Signals): void
  /** Waits until it is gone; its exit code, or null when a signal ended it. */
  ended(): Promise<number | null>
  kill(): Promise<void>
}

/** Starts a runtime in a process of its own and waits until it works. */
export async function startWorker(options: {
  databaseUrl: string
  redisUrl?: string | undefined
  roles?: string
  leaseMs?: number
}): Promise<Worker> {
  const { databaseUrl, redisUrl = '', roles = 'api,worker', leaseMs = 2_000 } = options
  const args = [PROGRAM, databaseUrl, redisUrl, roles, String(leaseMs)]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const exit = once(child, 'exit') as Promise<[number | null]>
  const said: Record<string, unknown>[] = []
  let complaints = ''
  child.stderr?.on('data', (part: Buffer) => (complaints += part.toString()))
  if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line)))
  const endWithUs = (): unknown => child.kill('SIGKILL')
  process.once('exit', endWithUs)
  void exit.then(() => process.off('exit', endWithUs))
  try {
    await eventually(
      'the worker to be ready',
      () => {
        if (child.exitCode !== null) throw new Error(complaints)
        return said.some(({ ready }) => ready === true)
      },
      { timeoutMs: 45_000 },
    )
  } catch (error) {
    // Nobody else knows it: it would outlive the test.
    child.kill('SIGKILL')
    throw error
  }
  return {
    pid: child.pid ?? 0,
    said,
    send: (address, event, id) => void child.stdin?.write(`${JSON.stringify({ send: [address, event], id })}\n`),
    signal: (signal) => void child.kill(signal),
    ended: async () => (await exit)[0],
    async kill() {
      child.kill('SIGKILL')
      await exit
    },
  }
}
