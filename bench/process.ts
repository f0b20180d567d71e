import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { Contestant } from './contestant.ts'
import type { Order, Program, Report } from './programs/program.ts'
import type { Measured } from './stats.ts'

const START_MS = 60_000
const STOP_MS = 15_000

export interface Child {
  pid: number
  /** Resolves with the line of its output that matches. */
  line(pattern: RegExp): Promise<string>
  stop(): Promise<void>
}

/**
 * A server as its users start it. Its output goes to a file, as a supervisor would keep it: reading a log line for each
 * request would be work for the process that measures.
 */
export async function startServer(
  command: string,
  args: readonly string[],
  options: { env: Record<string, string>; log: string; cwd?: string },
): Promise<Child> {
  const log = await open(options.log, 'w')
  const child = spawn(command, args, {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', log.fd, log.fd],
    // Ctrl-C in a terminal must not reach it before we have taken our things away.
    detached: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  await log.close()
  // Whatever else goes wrong, no server of ours outlives us.
  const killed = (): unknown => child.kill('SIGKILL')
  process.once('exit', killed)
  child.once('exit', () => process.off('exit', killed))
  return {
    pid: child.pid ?? 0,
    async line(pattern) {
      const deadline = performance.now() + START_MS
      for (;;) {
        const output = await readFile(options.log, 'utf8')
        const found = output.split('\n').find((line) => pattern.test(line))
        if (found !== undefined) return found
        if (child.exitCode !== null || performance.now() > deadline) {
          await stopChild(child)
          throw new Error(`${command} ${args.join(' ')} did not start:\n${output.slice(-5_000)}`)
        }
        await pause(50)
      }
    },
    stop: () => stopChild(child),
  }
}

/** A contestant's program: all its rows are measured in that process. */
export async function startProgram(
  path: URL,
  options: { rows: readonly string[]; execArgv?: string[]; env: Record<string, string> },
): Promise<Pick<Contestant, 'rows' | 'verify' | 'stop'> & { pid: number }> {
  const child = fork(path, { execArgv: options.execArgv ?? [], env: { ...process.env, ...options.env } })
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  let last = 0

  function ask(order: Omit<Order, 'id'>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++last
      waiting.set(id, { resolve, reject })
      child.send({ id, ...order })
    })
  }

  child.on('message', (report: Report) => {
    if ('ready' in report) return
    const asked = waiting.get(report.id)
    waiting.delete(report.id)
    if ('error' in report) asked?.reject(new Error(report.error))
    else asked?.resolve(report.result)
  })
  child.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${path.pathname} ended: ${signal ?? code}`))
  })
  const ended = once(child, 'exit').then(() => 'ended')
  const ready = once(child, 'message', { signal: AbortSignal.timeout(START_MS) }).then(() => 'ready')
  if ((await Promise.race([ready, ended])) === 'ended') throw new Error(`${path.pathname} did not start`)

  const measure = async (row: string, durationMs: number): Promise<Measured> =>
    (await ask({ do: 'measure', row, durationMs })) as Awaited<ReturnType<Program['measure']>>
  return {
    pid: child.pid ?? 0,
    rows: Object.fromEntries(options.rows.map((row) => [row, (durationMs: number) => measure(row, durationMs)])),
    verify: async () => (await ask({ do: 'verify', row: '', durationMs: 0 })) as number,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      await Promise.race([
        ask({ do: 'stop', row: '', durationMs: 0 }).catch(() => undefined),
        new Promise((resolve) => setTimeout(resolve, STOP_MS / 2)),
      ])
      await stopChild(child)
    },
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const hard = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await exited
  clearTimeout(hard)
}
