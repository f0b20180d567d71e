import { createHash } from 'node:crypto'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))
const dist = join(folder, 'dist')
const STAMP = 'sources.sha256'

/**
 * Builds the page into `console/dist`, unless what is there was made from the sources as they are. The new folder takes
 * the place of the old one at once, so that two builds at a time, or a server that reads meanwhile, do no harm.
 * Answers whether it built.
 */
export async function buildConsole({ force = false } = {}): Promise<boolean> {
  const wanted = await hashOfSources()
  if (!force && (await readStamp()) === wanted) return false
  // Only development has it: a page that is built needs nothing of it.
  const { build } = await import('vite')
  const outDir = join(folder, `dist-${process.pid}`)
  try {
    await build({ configFile: join(folder, 'vite.config.ts'), logLevel: 'warn', build: { outDir, emptyOutDir: true } })
    await writeFile(join(outDir, STAMP), wanted)
    await replace(outDir)
  } finally {
    await rm(outDir, { recursive: true, force: true })
  }
  return true
}

async function replace(outDir: string): Promise<void> {
  const old = `${outDir}-old`
  try {
    await rename(dist, old)
  } catch {
    // The first build, or somebody else's took it away this very moment.
  }
  try {
    await rename(outDir, dist)
  } catch (error) {
    // Another build of the same sources put its own there first: as good as this one.
    if ((await readStamp()) === undefined) throw error
  } finally {
    await rm(old, { recursive: true, force: true })
  }
}

async function readStamp(): Promise<string | undefined> {
  try {
    return await readFile(join(dist, STAMP), 'utf8')
  } catch {
    // Never built.
    return undefined
  }
}

/** Content and not times: a checkout of an older version has younger files. */
async function hashOfSources(): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .filter((path) => !path.startsWith('dist') && !path.endsWith('.md'))
    .sort()
  const hash = createHash('sha256')
  for (const path of paths) hash.update(`${path}\0`).update(await readFile(join(folder, path)))
  return hash.digest('hex')
}
