import { AppError } from '../../../core/errors.ts'
import { pathText } from './path-text.ts'
import type { Position } from './yaml-tree.ts'

/** Something wrong in a definition: where and why. */
export interface Problem {
  file: string
  /** From 1; the nearest place when the thing itself is missing. */
  line: number
  column: number
  /** `triggers[0].priority`; empty for the whole document. */
  path: string
  message: string
  /** What was probably meant. */
  suggestion?: string
}

/** Where each path of a definition stands in its file. */
export interface SourceMap {
  file: string
  positions: ReadonlyMap<string, Position>
}

/** A problem at a path; when the path itself is not in the text, at its nearest parent. */
export function problemAt(
  source: SourceMap,
  path: readonly PropertyKey[],
  message: string,
  suggestion?: string,
): Problem {
  let length = path.length
  while (length > 0 && !source.positions.has(pathText(path.slice(0, length)))) length -= 1
  const { line, column } = source.positions.get(pathText(path.slice(0, length))) ?? { line: 1, column: 1 }
  return {
    file: source.file,
    line,
    column,
    path: pathText(path),
    message,
    ...(suggestion === undefined ? {} : { suggestion }),
  }
}

/** `stb-doctor.yaml:14:7 triggers[0].priority: expected …` */
export function problemText({ file, line, column, path, message }: Problem): string {
  return `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`
}

/** Nobody reads more at once, and what refuses a text must not be larger than it. */
const MOST_TOLD = 20
const LONGEST = 600

/** `agent.bad_definition` with the first problems in the order of the text; its message is that of the first. */
export function badDefinition(unsorted: readonly Problem[]): AppError {
  const sorted = unsorted.toSorted((a, b) => a.line - b.line || a.column - b.column)
  const problems = sorted.slice(0, MOST_TOLD).map(clipped)
  const [first] = problems
  const text = first ? problemText(first) : 'The definition is not valid'
  return new AppError('agent.bad_definition', text, { details: { problems } })
}

function clipped(problem: Problem): Problem {
  return { ...problem, path: clip(problem.path), message: clip(problem.message) }
}

function clip(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1).toWellFormed()}…` : text
}
