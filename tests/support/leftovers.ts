import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const TEMP_PREFIX = 'troupe-test-'

const OLD_MS = 60 * 60_000

/** Removes what killed test runs left in the temp folder: their servers end by themselves, their files do not. */
export async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(TEMP_PREFIX)) continue
    const folder = join(tmpdir(), name)
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs < OLD_MS || (await holderLives(folder))) continue
    // Another user's leftovers are theirs to remove.
    await rm(folder, { recursive: true, force: true }).catch(() => undefined)
  }
}

async function holderLives(folder: string): Promise<boolean> {
  const pid = Number.parseInt(await readFile(join(folder, 'postgres.lock'), 'utf8').catch(() => ''), 10)
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
