import { execFile, spawnSync } from 'node:child_process'
import { access, chmod, mkdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** What is written here is on no disk that could wear out, and is as fast as one can be. */
const SHELF = '/dev/shm'

/** A file system of its own for a server's data: small enough to be filled, and with a power switch. */
export interface Disk {
  folder: string
  /**
   * What a power cut leaves: everything that was flushed, nothing that was only written. Whoever writes here must stand
   * still; afterwards they still see the file system as it was, and whoever comes next sees what is left. Absent where
   * only a file system in memory could be mounted, which has nothing to flush.
   */
  cutPower?: () => Promise<void>
  unmount(): Promise<void>
}

/** An ext4 in a file, or else a file system in memory; undefined where nothing can be mounted. */
export async function mountDisk(folder: string, megabytes: number): Promise<Disk | undefined> {
  await mkdir(folder)
  return (await mountImage(folder, megabytes)) ?? (await mountMemory(folder, megabytes))
}

async function mountImage(folder: string, megabytes: number): Promise<Disk | undefined> {
  const shelf = await access(SHELF).then(
    () => SHELF,
    () => tmpdir(),
  )
  let image = await newImage(shelf)
  // Also when we end before our time.
  const end = (): void => {
    spawnSync('umount', ['-l', folder], { stdio: 'ignore' })
    spawnSync('rm', ['-f', image], { stdio: 'ignore' })
  }
  try {
    await truncate(image, megabytes * 1024 * 1024)
    await run('mkfs.ext4', ['-q', '-F', '-m', '0', image])
    await run('mount', ['-o', 'loop', image, folder])
    await chmod(folder, 0o755)
  } catch {
    // Not root, no loop device, no such program: memory may do.
    await rm(image, { force: true })
    return undefined
  }
  process.once('exit', end)
  return {
    folder,
    async cutPower() {
      const copy = await newImage(shelf)
      await run('cp', ['--sparse=always', image, copy])
      await run('umount', ['-l', folder])
      await run('mount', ['-o', 'loop', copy, folder])
      await rm(image)
      image = copy
    },
    async unmount() {
      await run('umount', [folder])
      await rm(image, { force: true })
      process.off('exit', end)
    },
  }
}

async function newImage(shelf: string): Promise<string> {
  const path = join(shelf, `troupe-chaos-${crypto.randomUUID()}.img`)
  await writeFile(path, '')
  return path
}

async function mountMemory(folder: string, megabytes: number): Promise<Disk | undefined> {
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'tmpfs', folder])
    await chmod(folder, 0o755)
  } catch {
    // Not root, or not allowed: what needs it says that it was not measured.
    return undefined
  }
  const end = (): unknown => spawnSync('umount', ['-l', folder], { stdio: 'ignore' })
  process.once('exit', end)
  return {
    folder,
    async unmount() {
      await run('umount', [folder])
      process.off('exit', end)
    },
  }
}
