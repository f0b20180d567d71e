import type { z } from 'zod'
import { suggest } from '../../../core/suggest.ts'
import { pathText } from './path-text.ts'
import { type Problem, problemAt, type SourceMap } from './problem.ts'

/** zod's issues in the words of a definition's author: `expected critical | high | normal | low, got "urgent"`. */
export function schemaProblems(error: z.ZodError, value: unknown, source: SourceMap): Problem[] {
  const misspelt = error.issues.flatMap((issue) => (issue.code === 'unrecognized_keys' ? [pathText(issue.path)] : []))
  // "Expected exactly one of …" is only noise where one of them was misspelt.
  const issues = error.issues.filter((issue) => issue.code !== 'custom' || !misspelt.includes(pathText(issue.path)))
  return issues.flatMap((issue) => explain(issue, value, source, []))
}

function explain(issue: z.core.$ZodIssue, value: unknown, source: SourceMap, base: readonly PropertyKey[]): Problem[] {
  const path = [...base, ...issue.path]
  const found = memberAt(value, path)
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n')
    return issue.keys.map((key, index) => {
      const message = messages[index] ?? 'unknown key'
      return problemAt(source, [...path, key], message, /did you mean "(.+)"\?$/.exec(message)?.[1])
    })
  }
  if (issue.code === 'invalid_union') {
    const near = issue.errors.find(
      (branch) => !branch.some(({ code, path: at }) => code === 'invalid_type' && at.length === 0),
    )
    if (near) return near.flatMap((inner) => explain(inner, value, source, path))
    const kinds = issue.errors.flatMap((branch) =>
      branch.flatMap((inner) => (inner.code === 'invalid_type' ? [inner.expected] : [])),
    )
    return [problemAt(source, path, `expected ${[...new Set(kinds)].map(article).join(' or ')}, got ${shown(found)}`)]
  }
  if (issue.code === 'invalid_value') {
    const meant = typeof found === 'string' ? suggest(found, issue.values.map(String)) : undefined
    return [problemAt(source, path, `expected ${issue.values.map(String).join(' | ')}, got ${shown(found)}`, meant)]
  }
  if (issue.code === 'invalid_type') {
    const message =
      found === undefined
        ? `missing: expected ${article(issue.expected)}`
        : `expected ${article(issue.expected)}, got ${shown(found)}`
    return [problemAt(source, path, message)]
  }
  if (issue.code === 'custom') return [problemAt(source, path, issue.message)]
  const message = issue.message.startsWith('expected ')
    ? issue.message
    : issue.message.replace(/^[A-Z][a-z]+ [a-z]+: /, '')
  return [problemAt(source, path, `${message}, got ${shown(found)}`)]
}

function article(kind: string): string {
  if (kind === 'string') return 'text'
  if (kind === 'array') return 'a list'
  if (kind === 'object' || kind === 'record') return 'a map'
  if (kind === 'boolean') return 'true or false'
  return kind === 'int' ? 'a whole number' : kind === 'number' ? 'a number' : kind
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

function memberAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((member, key) => {
    if (typeof member !== 'object' || member === null || !Object.hasOwn(member, key)) return undefined
    return Object.getOwnPropertyDescriptor(member, key)?.value
  }, value)
}
