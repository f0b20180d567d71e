import { readFile } from 'node:fs/promises'
import { gte } from 'semver'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), license: z.string().optional(), dev: z.boolean().optional() }),
  ),
})

/** May be shipped with a work under MIT; each is tried for `A OR B`. */
const FREE = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
  'CC0-1.0',
])
/** Looked at one by one: used as they are, as separate files, which their licences allow. */
const LOOKED_AT = new Map([['elkjs', 'EPL-2.0 OR GPL-3.0-or-later']])
/** Say their licence in another package of the same project, and are binaries of platforms that are not installed here. */
const SAID_ELSEWHERE = /^@msgpackr-extract\//

/**
 * The versions in which what is publicly known was mended. Reviewed by hand with each release, since not every registry
 * answers `npm audit`; a version below fails here, whatever the lock file came to say.
 */
const FLOORS: Record<string, string> = {
  // CVE-2026-29085, -22817, -44457, -47673 to -47676
  hono: '4.12.21',
  // CVE-2026-29087, -39406
  '@hono/node-server': '1.19.13',
  ioredis: '6.0.0',
  yaml: '2.9.0',
  // CVE-2024-37890
  ws: '8.17.1',
  pg: '8.23.0',
}

async function shipped(): Promise<[name: string, version: string, license: string | undefined][]> {
  const { packages } = Lock.parse(
    JSON.parse(await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8')),
  )
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, { version = '0.0.0', license }]) => [path.replace(/^.*node_modules\//, ''), version, license])
}

describe('what is shipped of others', () => {
  it('is free to ship', async () => {
    const packages = await shipped()
    expect(packages.length).toBeGreaterThan(50)
    const doubtful = packages.filter(([name, , license]) => {
      const free = license
        ?.replaceAll(/[()]/g, '')
        .split(' OR ')
        .some((one) => FREE.has(one))
      return !free && LOOKED_AT.get(name) !== license && !(license === undefined && SAID_ELSEWHERE.test(name))
    })
    expect(doubtful).toEqual([])
  })

  it('is not older than what mended a known hole', async () => {
    const packages = await shipped()
    for (const [name, floor] of Object.entries(FLOORS)) {
      const versions = packages.filter(([one]) => one === name).map(([, version]) => version)
      expect([name, versions.length > 0, versions.filter((version) => !gte(version, floor))]).toEqual([name, true, []])
    }
  })
})
