import { type StructuredPatchHunk, structuredPatch } from 'diff'
import { canonicalJson, type Json } from '../../../core/json.ts'

/** One thing that differs between two definitions. */
export interface DefinitionChange {
  /** `config.max_parallel_tasks`, `triggers[heard].on[0]`. */
  path: string
  kind: 'added' | 'removed' | 'changed'
  from: Json
  to: Json
}

export interface TextHunk {
  oldStart: number
  oldLines: number
  newStart: number
  newLines: number
  /** Each begins with ` `, `-` or `+`. */
  lines: string[]
}

/** For texts that are so different that the shortest way between them takes too long to find. */
const TIMEOUT_MS = 1_000

/** What differs line by line, as a unified diff has it. */
export function diffText(from: string, to: string): TextHunk[] {
  const patch = structuredPatch('from', 'to', from, to, '', '', { context: 3, timeout: TIMEOUT_MS })
  return patch ? patch.hunks.map(hunk) : [replaced(from.split('\n'), to.split('\n'))]
}

function hunk({ oldStart, oldLines, newStart, newLines, lines }: StructuredPatchHunk): TextHunk {
  // `\\ No newline at end of file` is no line of either.
  return { oldStart, oldLines, newStart, newLines, lines: lines.filter((line) => !line.startsWith('\\')) }
}

function replaced(from: readonly string[], to: readonly string[]): TextHunk {
  const lines = [...from.map((line) => `-${line}`), ...to.map((line) => `+${line}`)]
  return { oldStart: 1, oldLines: from.length, newStart: 1, newLines: to.length, lines }
}

/**
 * What differs in meaning, whatever the layout and the order of keys. Members of a list are told apart by their `id` or
 * `name` where all have one, so that one more in front does not change all that follow.
 */
export function diffDefinitions(from: Json, to: Json, path = ''): DefinitionChange[] {
  if (canonicalJson(from) === canonicalJson(to)) return []
  const before = membersOf(from)
  const after = membersOf(to)
  if (!before || !after || Array.isArray(from) !== Array.isArray(to)) return [{ path, kind: 'changed', from, to }]
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name): DefinitionChange[] => {
    const [left, right] = [before.get(name), after.get(name)]
    const at = Array.isArray(from) ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`
    if (left === undefined) return [{ path: at, kind: 'added', from: null, to: right ?? null }]
    if (right === undefined) return [{ path: at, kind: 'removed', from: left, to: null }]
    return diffDefinitions(left, right, at)
  })
}

/** By name; undefined for what has no members. */
function membersOf(value: Json): Map<string, Json> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!Array.isArray(value)) {
    return new Map(
      Object.entries(value).flatMap(([key, member]) => (member === undefined ? [] : [[key, member] as const])),
    )
  }
  const names = value.map(nameOf)
  const told = names.every((name) => name !== undefined) && new Set(names).size === names.length
  return new Map(value.map((member, index) => [told ? (names[index] ?? '') : String(index), member]))
}

function nameOf(member: Json): string | undefined {
  if (typeof member !== 'object' || member === null || Array.isArray(member)) return undefined
  const name = member['id'] ?? member['name']
  return typeof name === 'string' ? name : undefined
}
