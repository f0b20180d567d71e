import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { platformHosting } from '../actors/agents/machines.ts'
import { hostAll } from '../actors/hosting.ts'
import type { ActionHandler } from '../actors/work/invocations.ts'
import type { Config } from '../core/config.ts'
import { AppError, toErrorRecord } from '../core/errors.ts'
import { type AnyMachine, type HostedMachine, isMachine, type Migrate } from '../machines/host.ts'

/** What a module of one's own machines exports. */
const Module = z.object({
  machines: z.record(z.string(), z.custom<AnyMachine>(isMachine, 'expected a machine of XState v5')),
  handlers: z
    .record(
      z.string(),
      z.custom<ActionHandler>((value) => typeof value === 'function', 'expected a function'),
    )
    .default({}),
  migrations: z
    .record(
      z.string(),
      z.custom<Migrate>((value) => typeof value === 'function', 'expected a function'),
    )
    .default({}),
})
export type OwnMachines = z.infer<typeof Module>

/**
 * Loads machines to host beside the platform's own: a module that exports `machines` (kind → machine) and, where they
 * have custom actions, `handlers` (name → what they do), and `migrations` (kind → what makes snapshots of earlier versions
 * into ones of the present). Throws `config.invalid` with what is wrong with it.
 */
export async function loadMachines(path: string): Promise<OwnMachines> {
  const refuse = (why: string, cause?: unknown): AppError =>
    new AppError('config.invalid', `TROUPE_MACHINES=${path}: ${why}`, { cause })
  const loaded = await load(pathToFileURL(resolve(path)).href).catch((error: unknown) => {
    throw refuse(toErrorRecord(error).message, error)
  })
  const parsed = Module.safeParse(loaded)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path: place, message }) => `${place.join('.')}: ${message}`)
  throw refuse(`it should export machines, kind → XState machine; ${problems.join('; ')}`)
}

/** The machines that a process with this configuration hosts, for whoever only looks: their work is never done. */
export async function hostOf({ machines }: Config): Promise<ReadonlyMap<string, HostedMachine>> {
  const own = machines === undefined ? {} : await loadMachines(machines)
  return hostAll(platformHosting({ step: idle, clean: idle }, own))
}

function idle(): Promise<never> {
  return Promise.reject(new AppError('internal', 'Nothing is done by whoever only looks'))
}

/** What Node alone does not read: TypeScript with enums or namespaces, and imports that leave the extension out. */
const BEYOND_NODE = new Set([
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_MODULE_NOT_FOUND',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'ERR_UNKNOWN_FILE_EXTENSION',
])

async function load(url: string): Promise<unknown> {
  try {
    return await import(url)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!BEYOND_NODE.has(code)) throw error
    const { tsImport } = await import('tsx/esm/api')
    return tsImport(url, import.meta.url)
  }
}
