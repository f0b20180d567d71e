import type { Item } from './item.ts'
import type { Answer } from './send.ts'

/** What an answer must not tell: where the code lies, what the database said, how it was called. */
const LEAKS: readonly RegExp[] = [
  /\n\s+at .+:\d+/,
  /node_modules|node:internal/,
  /PostgresError|SQLSTATE|syntax error at or near|violates .* constraint|invalid input syntax|out of range for type/,
  /\b(TypeError|RangeError|ReferenceError)\b/,
  /postgres(ql)?:\/\/|redis:\/\//,
]

/** More than any honest explanation; a refusal must not be an amplifier. */
const LONGEST_REFUSAL = 32 * 1024

/** What is wrong with an answer, in a sentence; undefined when nothing is. */
export function faultOf(item: Pick<Item, 'expect'>, answer: Answer): string | undefined {
  const { status, body } = answer
  const right = item.expect ? item.expect.includes(status) : status >= 400 && status < 500
  if (!right) return `answered ${status}: ${body.slice(0, 300)}`
  return status < 400 ? undefined : problemFault(answer)
}

/** Whether a refusal helps: a problem with a code and a reason, under the id that its header names. */
export function problemFault({ status, headers, body }: Answer): string | undefined {
  if (body === '' && headers['content-length'] === '0') return `${status} without a word`
  if (body.length > LONGEST_REFUSAL) return `${status} with ${body.length} bytes`
  if (!headers['content-type']?.startsWith('application/problem+json')) {
    return `${status} as ${headers['content-type']}: ${body.slice(0, 200)}`
  }
  const problem = readProblem(body)
  if (!problem) return `${status}, not a problem: ${body.slice(0, 200)}`
  const { code, detail, requestId } = problem
  if (problem.status !== status) return `${status}, but the problem says ${String(problem.status)}`
  if (typeof code !== 'string' || !/^[a-z_]+(\.[a-z_]+)?$/.test(code)) return `${status} without a code`
  if (typeof detail !== 'string' || detail.length < 5) return `${status} without a reason: ${body.slice(0, 200)}`
  if (requestId !== headers['x-request-id']) return `${status} under another request id`
  const leak = [...LEAKS, ownFolder].find((pattern) => pattern.test(body))
  return leak && `${status} tells too much (${leak.source}): ${body.slice(0, 400)}`
}

const ownFolder = new RegExp(process.cwd().replaceAll(/[^\w/]/g, '.'))

function readProblem(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    // Whoever asked says what is wrong with it.
    return undefined
  }
}
