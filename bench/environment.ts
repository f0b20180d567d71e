import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open, readFile, rm } from 'node:fs/promises'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { median } from './stats.ts'

const run = promisify(execFile)
const peers = fileURLToPath(new URL('peers', import.meta.url))

/** What the figures were seen on. */
export async function describeMachine(folder: string): Promise<Record<string, string | number>> {
  const [cpu] = cpus()
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    node: process.version,
    /** Above the number of cores before we even began: others were at work, and figures are low. */
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(1)),
    fsyncMs: await timeSync(folder),
  }
}

/** Ticks of all processors since the machine started, and those of them that a hypervisor gave to others. Linux alone tells. */
export interface Ticks {
  all: number
  stolen: number
}

export async function readTicks(): Promise<Ticks | undefined> {
  const text = await readFile('/proc/stat', 'utf8').catch(() => '')
  // user, nice, system, idle, iowait, irq, softirq, steal (proc(5)); what follows is in the first two already.
  const ticks = (/^cpu +(.*)/.exec(text)?.[1] ?? '').split(' ', 8).map(Number)
  const stolen = ticks[7]
  return stolen === undefined ? undefined : { all: ticks.reduce((sum, one) => sum + one, 0), stolen }
}

/** Share of the processors' time between two readings that others had: while they have it nothing here goes on. */
export function stolenShare(before: Ticks | undefined, after: Ticks | undefined): Record<string, number> {
  if (!before || !after || after.all === before.all) return {}
  return { stolenShare: Number(((after.stolen - before.stolen) / (after.all - before.all)).toFixed(3)) }
}

/** What one write of 8 KiB that is on the disk costs here: the floor of any commit. Median of 50. */
async function timeSync(folder: string): Promise<number> {
  const path = join(folder, 'fsync')
  const file = await open(path, 'w')
  const block = Buffer.alloc(8_192, 1)
  const samples: number[] = []
  for (let n = 0; n < 50; n++) {
    const startedAt = performance.now()
    await file.write(block, 0, block.length, 0)
    await file.datasync()
    samples.push(performance.now() - startedAt)
  }
  await file.close()
  await rm(path)
  return Number(median(samples).toFixed(3))
}

/** Installs the peers as their lock file says, once. */
export async function installPeers(say: (line: string) => void): Promise<void> {
  const wanted = await readFile(join(peers, 'package-lock.json'), 'utf8')
  const stamp = join(peers, 'node_modules', '.package-lock.json')
  if (existsSync(stamp) && samePackages(wanted, await readFile(stamp, 'utf8'))) return
  say('  installing the peers (once): npm ci --prefix bench/peers')
  await run('npm', ['ci', '--prefix', peers, '--no-audit', '--no-fund'], { maxBuffer: 2 ** 24 })
}

/** npm keeps a copy of what it installed; optional packages for other platforms are missing from it. */
function samePackages(wanted: string, installed: string): boolean {
  const versions = (text: string): Record<string, { version?: string; optional?: boolean }> =>
    (JSON.parse(text) as { packages: Record<string, { version?: string; optional?: boolean }> }).packages
  const found = versions(installed)
  return Object.entries(versions(wanted)).every(
    ([path, { version, optional }]) => path === '' || optional === true || found[path]?.version === version,
  )
}

/** Version of a package that the product itself brings. */
export async function ownVersion(name: string): Promise<string> {
  const text = await readFile(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** Versions of the peers that are installed. */
export async function peerVersions(names: readonly string[]): Promise<Record<string, string>> {
  const found = names.map(async (name) => {
    const { version } = JSON.parse(await readFile(join(peers, 'node_modules', name, 'package.json'), 'utf8')) as {
      version: string
    }
    return [name, version] as const
  })
  return Object.fromEntries(await Promise.all(found))
}
