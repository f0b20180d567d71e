import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '../database.ts'
import type { Fault, Scene } from '../nemesis.ts'
import { cannotTrace, injectIntoFlushes } from '../strace.ts'
import { probe, until } from '../strike.ts'
import { familyOf } from './postgres.ts'

/** The disk under the truth: slow, failing, or without power. */
export const POSTGRES_DISK_FAULTS: readonly Fault[] = [
  {
    id: 'D11',
    what: 'every flush to the disk of Postgres takes 400 ms longer',
    impossible: cannotTrace,
    async strike(scene) {
      const { database, folder, spanMs } = scene
      const pids = await familyOf(await database.postmaster())
      const output = join(folder, `slow-${Date.now()}.strace`)
      const injection = await injectIntoFlushes(pids, 'delay_enter=400000', output, true)
      let during: number
      try {
        during = await probe(scene, 'D11')
        await pause(2 * spanMs)
      } finally {
        await injection.stop()
      }
      const struck = await injection.struck()
      if (struck === 0) throw new Error('nothing was flushed')
      return `${struck} flushes delayed; a message meanwhile applied after ${during} ms, after it ${await probe(scene, 'D11b')} ms`
    },
  },
  {
    id: 'D12',
    what: 'a flush to the disk of Postgres fails (EIO)',
    impossible: cannotTrace,
    async strike(scene) {
      const { database, folder } = scene
      const before = await panics(database)
      const postmaster = await database.postmaster()
      const children = (await familyOf(postmaster)).filter((pid) => pid !== postmaster)
      const output = join(folder, `failing-${Date.now()}.strace`)
      const injection = await injectIntoFlushes(children, 'error=EIO:when=1', output, false)
      try {
        await until('a flush to fail', async () => (await panics(database)) > before)
      } finally {
        await injection.stop()
      }
      const struck = await injection.struck()
      return `${struck} flushes failed, the server panicked and recovered; a message applied after ${await probe(scene, 'D12')} ms`
    },
  },
  {
    id: 'D13',
    what: 'the power of Postgres is cut: what was written and not flushed is gone',
    impossible: ({ disk }) => (disk?.cutPower ? undefined : 'no file system with a power switch can be mounted here'),
    async strike(scene) {
      const { database, disk } = scene
      const before = await database.postmaster()
      const pids = await familyOf(before)
      for (const pid of pids) send(pid, 'SIGSTOP')
      const canary = join(disk?.folder ?? '', `canary-${Date.now()}`)
      try {
        // Nobody flushes it, so it must not survive: else this was no power cut.
        await writeFile(canary, Buffer.alloc(65_536, 1))
        await disk?.cutPower?.()
      } finally {
        for (const pid of pids) send(pid, 'SIGKILL')
      }
      const survived = await stat(canary).then(
        ({ size }) => size,
        () => 0,
      )
      if (survived === 65_536) throw new Error('what was not flushed was there again')
      const after = await until('Postgres to be back', () => anotherServer(scene, before), 60_000)
      return `server ${before} lost its power, ${after} recovered; a message applied after ${await probe(scene, 'D13')} ms`
    },
  },
]

async function anotherServer({ database }: Scene, before: number): Promise<number | false> {
  const pid = await database.postmaster().catch(() => 0)
  return pid > 0 && pid !== before && pid
}

async function panics({ logFile }: Database): Promise<number> {
  return (await readFile(logFile, 'utf8').catch(() => '')).split('PANIC:').length - 1
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended in between.
  }
}
