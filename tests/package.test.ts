import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { z } from 'zod'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))

const Manifest = z.object({
  allowScripts: z.record(z.string(), z.boolean()),
  scripts: z.record(z.string(), z.string()),
})
const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      resolved: z.string().optional(),
      hasInstallScript: z.boolean().optional(),
    }),
  ),
})

async function read<T>(schema: z.ZodType<T>, file: string): Promise<T> {
  return schema.parse(JSON.parse(await readFile(`${root}${file}`, 'utf8')))
}

it('locks its packages by content, not by the address of one registry', async () => {
  const { packages } = await read(Lock, 'package-lock.json')
  expect(Object.entries(packages).filter(([, entry]) => entry.resolved !== undefined)).toEqual([])
})

it('locks the optional packages of every platform, so that npm ci works on all of them', async () => {
  const { stdout } = await run(process.execPath, ['.ci/complete-lock.mjs', '--check'], { cwd: root })
  expect(stdout).toContain('0 optional packages missing')
})

it('has decided about every package that wants to run a script when it is installed', async () => {
  const [{ allowScripts }, { packages }] = await Promise.all([
    read(Manifest, 'package.json'),
    read(Lock, 'package-lock.json'),
  ])
  const wanting = Object.entries(packages).filter(([, entry]) => entry.hasInstallScript)
  const undecided = wanting
    .map(([path]) => path.replace(/^.*node_modules\//, ''))
    .filter((name) => !(name in allowScripts))
  expect(undecided).toEqual([])
})

it('runs on the Node that it brings', async () => {
  expect(Number.parseInt(process.versions.node, 10)).toBeGreaterThanOrEqual(24)
  const { scripts } = await read(Manifest, 'package.json')
  // npm puts node_modules/.bin first on the path of its scripts: "node" there is ours.
  expect(scripts.start).toMatch(/^node /)
})
