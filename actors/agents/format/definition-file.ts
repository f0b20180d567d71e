import type { Json } from '../../../core/json.ts'
import { AgentDefinition } from './definition.ts'
import { badDefinition, type Problem, problemAt, type SourceMap } from './problem.ts'
import { schemaProblems } from './schema-problems.ts'
import { createThreadReader, type ReadTree } from './yaml-thread.ts'

const MAX_BYTES = 64 * 1024

/** Maps whose keys belong to the author: `x-*` in them are data (a header), not extensions of the format. */
const FREE_MAPS = new Set(['with', 'filters', 'exact', 'prefix', 'suffix', 'alert_thresholds', 'selector'])

/** A definition, the bytes it came from (they are what is stored and exported), and where its parts stand. */
export interface ParsedDefinition {
  definition: AgentDefinition
  text: string
  source: SourceMap
}

/**
 * Reads a definition from YAML or JSON of at most 64 KiB, off the main thread and within a second. Throws
 * `agent.bad_definition` with `details.problems` and nothing else that depends on the text. Who reads many hands in one
 * reader for all of them.
 */
export async function parseDefinition(
  text: string,
  fileName: string,
  read: ReadTree = createThreadReader(),
): Promise<ParsedDefinition> {
  const whole: SourceMap = { file: fileName, positions: new Map() }
  const refuse = (message: string) => badDefinition([problemAt(whole, [], message)])
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_BYTES) throw refuse(`is ${bytes} bytes, at most ${MAX_BYTES} are read`)
  if (!text.isWellFormed()) throw refuse('is not well-formed text')
  if (text.includes('\0')) throw refuse('holds a NUL character')

  const tree = await read(text)
  if (!tree) throw refuse('took too long to read: it is nested or repeated beyond reason')
  if (tree.problems.length > 0)
    throw badDefinition(tree.problems.map((problem): Problem => ({ file: fileName, ...problem })))
  const source: SourceMap = { file: fileName, positions: tree.positions }
  const value = withoutExtensions(tree.value)
  const parsed = AgentDefinition.safeParse(value)
  if (!parsed.success) throw badDefinition(schemaProblems(parsed.error, value, source))
  return { definition: parsed.data, text, source }
}

/** Drops `x-*` keys, which a team may use for its own notes; the text keeps them. */
function withoutExtensions(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutExtensions)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).filter(([key]) => !key.startsWith('x-'))
  return Object.fromEntries(
    members.map(([key, member]) => [key, FREE_MAPS.has(key) ? member : withoutExtensions(member)]),
  )
}
