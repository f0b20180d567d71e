import { execFile, spawnSync } from 'node:child_process'
import { chmod, mkdir } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const SIZE = '1500m'

/** A file system in memory that is small enough to be filled; undefined where none can be mounted. */
export async function mountDisk(folder: string): Promise<string | undefined> {
  await mkdir(folder)
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=0755`, 'tmpfs', folder])
    await chmod(folder, 0o755)
    // Also when we end before our time.
    process.once('exit', () => spawnSync('umount', ['-l', folder], { stdio: 'ignore' }))
    return folder
  } catch {
    // Not root, or not allowed: what needs it says that it was not measured.
    return undefined
  }
}

export async function unmount(folder: string): Promise<void> {
  await run('umount', [folder])
}
