import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import type { ActionHandler } from '../actors/work/invocations.ts'
import { AppError, toErrorRecord } from '../core/errors.ts'
import { type AnyMachine, isMachine } from '../machines/host.ts'

/** What a module of one's own machines exports. */
const Module = z.object({
  machines: z.record(z.string(), z.custom<AnyMachine>(isMachine, 'expected a machine of XState v5')),
  handlers: z
    .record(
      z.string(),
      z.custom<ActionHandler>((value) => typeof value === 'function', 'expected a function'),
    )
    .default({}),
})
export type OwnMachines = z.infer<typeof Module>

/**
 * Loads machines to host beside the platform's own: a module that exports `machines` (kind → machine) and, where they
 * have custom actions, `handlers` (name → what they do). Throws `config.invalid` with what is wrong with it.
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
