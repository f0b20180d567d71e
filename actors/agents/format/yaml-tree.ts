import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import type { Json } from '../../../core/json.ts'
import { pathText } from './path-text.ts'

const MAX_DEPTH = 32
const MAX_PROBLEMS = 20

/** Where something is in the text; lines and columns count from 1. */
export interface Position {
  line: number
  column: number
}

export interface TreeProblem extends Position {
  path: string
  message: string
}

/** A parsed text: plain JSON, where each path of it stands, and what keeps it from being used. */
export interface Tree {
  value: Json
  positions: Map<string, Position>
  problems: TreeProblem[]
}

/**
 * YAML 1.2 (of which JSON is a part) without its dangers: one document, no anchors, aliases, tags, merge keys or
 * directives, unique text keys, finite numbers, well-formed text. Duplicate keys are found here and not by the library,
 * whose check is quadratic. May take seconds for hostile text: run it in a worker.
 */
export function readTree(text: string): Tree {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    schema: 'core',
    version: '1.2',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
  })
  const positions = new Map<string, Position>()
  const problems: TreeProblem[] = []

  function positionAt(offset: number): Position {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  function report(offset: number, path: readonly PropertyKey[], message: string): null {
    if (problems.length < MAX_PROBLEMS) problems.push({ ...positionAt(offset), path: pathText(path), message })
    return null
  }
  function read(node: Node | null | undefined, path: readonly PropertyKey[], fallback: number): Json {
    if (!node) return null
    const offset = node.range?.[0] ?? fallback
    if (path.length > MAX_DEPTH) return report(offset, path, `nested deeper than ${MAX_DEPTH} levels`)
    if (isAlias(node)) return report(offset, path, `aliases (*${node.source}) are not allowed`)
    if (node.anchor !== undefined) return report(offset, path, `anchors (&${node.anchor}) are not allowed`)
    if (node.tag !== undefined) return report(offset, path, `tags (${node.tag}) are not allowed`)
    if (isMap(node)) {
      const entries = new Map<string, Json>()
      for (const pair of node.items) {
        const at = keyOffset(pair.key) ?? offset
        const key = isScalar(pair.key) && typeof pair.key.value === 'string' ? pair.key.value : undefined
        if (key === undefined) report(at, path, 'keys must be text')
        else if (entries.has(key)) report(at, [...path, key], 'this key is there twice')
        else if (key === '__proto__' || key === '<<') report(at, path, `the key ${key} is not allowed`)
        else {
          positions.set(pathText([...path, key]), positionAt(at))
          entries.set(key, read(isNode(pair.value) ? pair.value : null, [...path, key], at))
        }
        if (isScalar(pair.key) && pair.key.anchor !== undefined) report(at, path, 'anchors are not allowed')
      }
      return Object.fromEntries(entries)
    }
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const child = isNode(item) ? item : null
        positions.set(pathText([...path, index]), positionAt(child?.range?.[0] ?? offset))
        return read(child, [...path, index], offset)
      })
    }
    return isScalar(node) ? scalar(node.value, offset, path) : report(offset, path, 'unexpected content')
  }
  function scalar(value: unknown, offset: number, path: readonly PropertyKey[]): Json {
    if (value === null || typeof value === 'boolean') return value
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) return report(offset, path, 'expected a finite number')
      if (Number.isInteger(value) && !Number.isSafeInteger(value))
        return report(offset, path, 'too large for a number: put it in quotes')
      return value
    }
    if (typeof value !== 'string') return report(offset, path, 'unexpected kind of value')
    return value.includes('\0') || !value.isWellFormed()
      ? report(offset, path, 'text with a NUL or half a character')
      : value
  }

  for (const error of document.errors.slice(0, 5)) report(error.pos[0], [], plainMessage(error.code, error.message))
  if (document.directives?.yaml.explicit || text.startsWith('%'))
    report(0, [], 'directives (%YAML, %TAG) are not allowed')
  const value = problems.length > 0 ? null : read(document.contents, [], 0)
  positions.set('', positionAt(document.contents?.range?.[0] ?? 0))
  return { value, positions, problems }
}

function plainMessage(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'more than one document'
  return message.includes('call stack') ? `nested deeper than ${MAX_DEPTH} levels` : message
}

function isNode(value: unknown): value is Node {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value)
}

function keyOffset(key: unknown): number | undefined {
  return isNode(key) ? key.range?.[0] : undefined
}
