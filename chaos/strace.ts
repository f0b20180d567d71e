import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'

/** Why no system call can be struck here; undefined: it can. */
export function cannotTrace(): string | undefined {
  return spawnSync('strace', ['-qq', '-o', '/dev/null', 'true'], { stdio: 'ignore' }).status === 0
    ? undefined
    : 'strace is not installed, or may not trace'
}

export interface Injection {
  /** How many system calls were struck so far. */
  struck(): Promise<number>
  stop(): Promise<void>
}

/** Strikes the flushing of files (fsync, fdatasync) of these processes, and of those that they start when `followed`. */
export async function injectIntoFlushes(
  pids: readonly number[],
  how: string,
  output: string,
  followed: boolean,
): Promise<Injection> {
  const calls = 'fsync,fdatasync'
  const what = ['-qq', '-e', `trace=${calls}`, '-e', `inject=${calls}:${how}`, '-o', output]
  const args = [...(followed ? ['-f'] : []), ...what, ...pids.flatMap((pid) => ['-p', String(pid)])]
  const tracer: ChildProcess = spawn('strace', args, { stdio: 'ignore' })
  const ended = new Promise<void>((resolve) => {
    tracer.once('exit', () => resolve())
    tracer.once('error', () => resolve())
  })
  const end = (): unknown => tracer.kill('SIGKILL')
  process.once('exit', end)
  return {
    async struck() {
      const text = await readFile(output, 'utf8').catch(() => '')
      return text.split('\n').filter((line) => /(INJECTED|DELAYED)/.test(line)).length
    },
    async stop() {
      // Lets go of all of them; a kill might leave one standing still.
      tracer.kill('SIGTERM')
      const late = setTimeout(end, 5_000)
      await ended
      clearTimeout(late)
      process.off('exit', end)
    },
  }
}
