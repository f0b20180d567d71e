import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * When a process began, in a form that no other process with the same number shares, or undefined when nothing runs
 * under that number. A bare pid proves nothing after a crash or in a restarted container: numbers are given out again.
 */
export async function findBirth(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return findBirthByPs(pid)
  const [stat, bootId] = await Promise.all([readProc(`${pid}/stat`), readProc('sys/kernel/random/boot_id')])
  // The second field is the command in brackets and may itself hold spaces and brackets.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  // A zombie has ended; in a container without an init process nobody collects it, so its number never goes away.
  if (!fields || fields[0] === 'Z' || fields[0] === 'X') return undefined
  return `${bootId?.trim() ?? ''}/${fields[19]}`
}

/** The command line of a process, or undefined when it is gone or hidden from us. */
export async function findCommandLine(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return (await readProc(`${pid}/cmdline`))?.replaceAll('\0', ' ').trim()
  return ps(pid, 'command=')
}

/** True as soon as that very process has ended, false when it still runs after `withinMs`. */
export async function hasEnded(pid: number, birth: string, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs
  while ((await findBirth(pid)) === birth) {
    if (Date.now() > deadline) return false
    await pause(20)
  }
  return true
}

async function findBirthByPs(pid: number): Promise<string | undefined> {
  const line = await ps(pid, 'state=,lstart=')
  return !line || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '')
}

async function ps(pid: number, columns: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', columns, '-p', String(pid)])
    return stdout.trim() || undefined
  } catch {
    // ps ends with 1 when there is no such process.
    return undefined
  }
}

async function readProc(path: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${path}`, 'utf8')
  } catch {
    // The process ended between two looks: absence is the answer.
    return undefined
  }
}
