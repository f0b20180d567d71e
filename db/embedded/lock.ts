import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { AppError } from '../../core/errors.ts'
import { findBirth } from './process.ts'

export interface DataLock {
  release(): Promise<void>
}

/**
 * One live platform per data folder. The lock names its holder by pid and time of birth, so that a holder that was
 * killed is recognised, even when its number is in use again. Throws `database.in_use` when the holder lives.
 */
export async function acquireDataLock(path: string, dataDir: string): Promise<DataLock> {
  const mine = `${process.pid} ${await findBirth(process.pid)}\n`
  const draft = `${path}.${process.pid}.${crypto.randomUUID()}`
  // link() makes the name appear together with its content: nobody ever reads a lock that is half written.
  await writeFile(draft, mine, { mode: 0o644 })
  try {
    for (;;) {
      if (await linked(draft, path)) return { release: () => release(path, mine) }
      const holder = await readFile(path, 'utf8').catch(() => '')
      const pid = Number.parseInt(holder, 10)
      if (pid > 0 && `${pid} ${await findBirth(pid)}\n` === holder) throw inUse(dataDir, pid)
      await setAside(path, holder, dataDir)
    }
  } finally {
    await rm(draft, { force: true })
  }
}

/** Moves a dead holder's lock away, and puts it back when it turns out to be a lock that someone took just now. */
async function setAside(path: string, expected: string, dataDir: string): Promise<void> {
  const aside = `${path}.stale.${crypto.randomUUID()}`
  try {
    await rename(path, aside)
  } catch {
    // Someone else moved it away first: the next attempt to link decides.
    return
  }
  const found = await readFile(aside, 'utf8')
  if (found !== expected) await linked(aside, path)
  await rm(aside, { force: true })
  if (found !== expected) throw inUse(dataDir, Number.parseInt(found, 10))
}

async function release(path: string, mine: string): Promise<void> {
  const holder = await readFile(path, 'utf8').catch(() => '')
  if (holder === mine) await rm(path, { force: true })
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function inUse(dataDir: string, pid: number): AppError {
  return new AppError(
    'database.in_use',
    `Another Troupe (process ${pid}) is using ${dataDir}: stop it, or set TROUPE_DATA_DIR to another folder`,
    { details: { dataDir, pid } },
  )
}
