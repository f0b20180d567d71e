import { post } from '../../api/client.ts'
import { ApiError } from '../../api/problem.ts'
import type { TextProblem } from '../../parts/code-editor.tsx'
import { useWord } from '../../parts/word.ts'

const TYPING_MS = 350

export interface Validation {
  /** The text that this is about: while it is another, the word on it is still to come. */
  text: string
  problems: readonly TextProblem[]
  warnings: readonly string[]
  /** What it says it is, where it is valid. */
  id: string
  version: string
}

interface Valid {
  id: string
  version: string
  warnings: string[]
}

/** What the server says of a definition, once one has stopped typing; undefined before the first word. */
export function useValidation(text: string | undefined): Validation | undefined {
  return useWord(text, TYPING_MS, validate)
}

/** Throws `ApiError` for all but what is wrong with the text. */
async function validate(text: string): Promise<Validation> {
  try {
    const { id, version, warnings } = await post<Valid>('/v1/agents/validate', {
      body: text,
      contentType: typeOf(text),
    })
    return { text, problems: [], warnings, id, version }
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500 || error.status === 401) throw error
    return { text, problems: problemsOf(error), warnings: [], id: '', version: '' }
  }
}

/** YAML, unless it begins as JSON does. */
export function typeOf(text: string): string {
  return text.trimStart().startsWith('{') ? 'application/json' : 'application/yaml'
}

/** By line and column; what has no place stands at the beginning. */
export function problemsOf(error: ApiError): TextProblem[] {
  const { problems } = error.details
  const placed = Array.isArray(problems) ? problems.flatMap(readProblem) : []
  return placed.length > 0 ? placed : [{ line: 1, column: 1, message: error.message }]
}

function readProblem(given: unknown): TextProblem[] {
  if (typeof given !== 'object' || given === null) return []
  const { line, column, path, message } = { line: 1, column: 1, path: '', message: '', ...given }
  return [{ line: Number(line), column: Number(column), path: String(path), message: String(message) }]
}
