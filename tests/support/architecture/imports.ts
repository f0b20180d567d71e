import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Import {
  /** As written: `./lease.ts` or `bullmq`. */
  specifier: string
  typeOnly: boolean
}

export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  path: string
  /** Without comments. */
  code: string
  imports: readonly Import[]
}

const SKIPPED = new Set(['node_modules', 'dist', 'tests', 'bench', 'chaos', 'coverage', 'docs'])
const STATEMENT = /^\s*(?:import|export)\b(?<clause>[^'"`;]*?)\bfrom\s*['"](?<specifier>[^'"]+)['"]/gm
const BARE = /^\s*import\s*['"](?<specifier>[^'"]+)['"]/gm
/** `import('x')` and `new URL('./x.ts', import.meta.url)`, which is how worker threads are named. */
const CALLED = /(?:\bimport\s*\(\s*|\bnew URL\(\s*)['"](?<specifier>[^'"]+)['"]/g
const COMMENTS = /\/\*[\s\S]*?\*\/|(?<=^|[\s;{}(,])\/\/.*$/gm

/** Reads every module of the product. Tests, benches and the chaos suite stand above all rooms and are left out. */
export async function readSources(root: string): Promise<SourceFile[]> {
  const paths = await listFiles(root, '')
  return Promise.all(paths.map(async (path) => parseSource(path, await readFile(join(root, path), 'utf8'))))
}

/** Finds the imports of a module with patterns only: our formatter keeps each statement in the shape they expect. */
export function parseSource(path: string, text: string): SourceFile {
  const code = text.replaceAll(COMMENTS, '')
  const found = [STATEMENT, BARE, CALLED].flatMap((pattern) =>
    [...code.matchAll(pattern)].map(({ groups = {} }) => ({
      specifier: groups.specifier ?? '',
      typeOnly: /^\s*type\b/.test(groups.clause ?? ''),
    })),
  )
  return { path, code, imports: found.filter(({ specifier }) => isModule(specifier)) }
}

/** A URL of a worker or a data file counts when it is a module; other strings given to `new URL` do not. */
function isModule(specifier: string): boolean {
  return /^(?:node:|@?[a-z])/.test(specifier) ? !/[:?#]\/\//.test(specifier) : /\.[jt]sx?$/.test(specifier)
}

async function listFiles(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true })
  const nested = entries.map(async (entry): Promise<string[]> => {
    const path = `${folder}${entry.name}`
    if (!entry.isDirectory()) return /\.[jt]sx?$/.test(path) && !/\.(config|d)\.ts$/.test(path) ? [path] : []
    return SKIPPED.has(entry.name) || entry.name.startsWith('.') ? [] : listFiles(root, `${path}/`)
  })
  return (await Promise.all(nested)).flat()
}
