import { type ChildProcess, spawn } from 'node:child_process'
import { open, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../../core/errors.ts'
import { type Account, asAccount } from './account.ts'
import { complaint } from './complaint.ts'
import { findBirth, findCommandLine, hasEnded } from './process.ts'

/** Crash recovery replays the log since the last checkpoint, which may take a while after heavy load. */
const START_LIMIT_MS = 120_000
const STOP_LIMIT_MS = 30_000
const LOG_LIMIT_BYTES = 10_000_000

/**
 * The shell becomes the server, and leaves a watcher behind that holds the other end of a pipe to us. However we end,
 * kill -9 included, the pipe closes and the watcher asks the server for a fast shutdown. A line on the pipe sends the
 * watcher home instead.
 */
const GUARD = `exec 3<&0 0</dev/null
( { read -r _ <&3 || kill -INT $$; } >/dev/null 2>&1 & )
exec 3<&- "$@"`

/** The free port may be taken by now, and helpers of a server killed a moment ago may still be leaving. */
const PASSING = /could not bind|could not create any TCP|shared memory block/

export interface ServerPlan {
  program: string
  account: Account
  folder: string
  logFile: string
  settings: Readonly<Record<string, string>>
  /** A fixed port, or undefined for any free one. */
  port: number | undefined
  /** Asked at each start: the beginning of the command that becomes the server, as `env NAME=value`. */
  prefix?: (() => readonly string[]) | undefined
}

export interface RunningServer {
  port: number
  /** Settles when the server process has ended, for whatever reason. */
  ended: Promise<void>
  /** Fast shutdown: open transactions are rolled back, everything committed is on the disk. */
  stop(): Promise<void>
}

/** Starts the server and waits until it takes connections. Throws `database.unavailable` with the server's own words. */
export async function startServer(plan: ServerPlan): Promise<RunningServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(plan, plan.port ?? (await findFreePort()))
    } catch (error) {
      if (!(error instanceof AppError) || error.details.passing !== true || attempt === 5) throw error
      await pause(200)
    }
  }
}

async function launch(
  { program, account, folder, logFile, settings, prefix }: ServerPlan,
  port: number,
): Promise<RunningServer> {
  const options = Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const how = asAccount(account, '/bin/sh', [
    '-c',
    GUARD,
    'postgres',
    ...(prefix?.() ?? []),
    program,
    '-D',
    folder,
    ...options,
  ])
  await rotate(logFile)
  const log = await open(logFile, 'a', 0o600)
  const logStart = (await log.stat()).size
  // Its own session, or Ctrl-C in a terminal would end the database before we have put our work away.
  const child = spawn(how.command, how.args, { ...how.options, detached: true, stdio: ['pipe', log.fd, log.fd] })
  // The watcher may have been killed; the server does not depend on it.
  child.stdin?.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('exit', () => {
      child.stdin?.end('\n')
      resolve()
    })
  })
  child.unref()
  await log.close()
  if (!(await becomesReady(child, folder, ended))) {
    await stop(child, ended)
    const output = (await readFile(logFile)).subarray(logStart).toString()
    throw new AppError('database.unavailable', `The embedded PostgreSQL did not start: ${complaint(output)}`, {
      details: { logFile, passing: PASSING.test(output) },
    })
  }
  return { port, ended, stop: () => stop(child, ended) }
}

/** The server writes "ready" on line 8 of its pid file; pg_ctl waits for the same line. */
async function becomesReady(child: ChildProcess, folder: string, ended: Promise<void>): Promise<boolean> {
  const state = { ended: false }
  void ended.then(() => (state.ended = true))
  const deadline = Date.now() + START_LIMIT_MS
  while (!state.ended && Date.now() < deadline) {
    const lines = (await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return true
    await pause(10)
  }
  return false
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  // Until now the server did not keep our process alive; whoever waits for its end must.
  child.ref()
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    child.kill(signal)
    if (await Promise.race([ended.then(() => true), pause(STOP_LIMIT_MS, false, { ref: false })])) return
  }
}

/**
 * Ends a server that outlived its platform. Safe to call only while holding the data folder's lock: then whatever
 * runs on the folder belongs to nobody.
 */
export async function stopOrphan(folder: string): Promise<number | undefined> {
  const pidFile = join(folder, 'postmaster.pid')
  const content = await readFile(pidFile, 'utf8').catch(() => '')
  const pid = Number.parseInt(content, 10)
  const birth = pid > 0 ? await findBirth(pid) : undefined
  if (!birth) return undefined
  if (!(await findCommandLine(pid))?.includes(` -D ${folder} `)) {
    // The number belongs to a stranger now, and PostgreSQL would take it for a running server. It ignores the number
    // of its own parent, and goes on to check for helpers still attached to the old shared memory, as it should.
    await writeFile(pidFile, content.replace(/^\d+/, String(process.pid)))
    return undefined
  }
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    signalIfThere(pid, signal)
    if (await hasEnded(pid, birth, STOP_LIMIT_MS)) return pid
  }
  throw new AppError('database.unavailable', `A PostgreSQL left behind (process ${pid}) does not end: stop it by hand`)
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended by itself between the look and the signal: that is what we wanted.
  }
}

async function findFreePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (typeof address !== 'object' || !address) throw new AppError('database.unavailable', 'There is no free port')
  return address.port
}

async function rotate(logFile: string): Promise<void> {
  const found = await stat(logFile).catch(() => undefined)
  if (found && found.size > LOG_LIMIT_BYTES) await rename(logFile, `${logFile}.1`)
}
