import { AppError } from '../../../core/errors.ts'
import type { Json, JsonObject } from '../../../core/json.ts'
import { evaluate, type Scope } from './expression.ts'

const MAX_EXPRESSIONS = 200
const MAX_TEXT = 256 * 1024

/** A text cut at its `${…}`: plain parts and expressions in their order. `$${` stands for `${`. */
export type Piece = { text: string } | { expression: string }

/**
 * Fills in every `${…}` of a JSON value, at any depth. A text that is one expression and nothing else keeps the
 * expression's type; in mixed text, null is empty and objects are JSON. Keys stay as they are.
 * Throws `expression.invalid` or `expression.failed`.
 */
export function interpolate(value: JsonObject, scope: Scope): JsonObject
export function interpolate(value: Json, scope: Scope): Json
export function interpolate(value: Json, scope: Scope): Json {
  const budget = { expressions: MAX_EXPRESSIONS }
  return fill(value)

  function fill(member: Json): Json {
    if (typeof member === 'string') return fillText(member)
    if (Array.isArray(member)) return member.map(fill)
    if (typeof member !== 'object' || member === null) return member
    return Object.fromEntries(Object.entries(member).map(([key, inner]) => [key, fill(inner)]))
  }
  function fillText(text: string): Json {
    if (!text.includes('${')) return text
    const pieces = piecesOf(text)
    budget.expressions -= pieces.filter((piece) => 'expression' in piece).length
    if (budget.expressions < 0)
      throw new AppError('expression.failed', `More than ${MAX_EXPRESSIONS} expressions in one value`)
    const [only, ...others] = pieces
    if (only && 'expression' in only && others.length === 0) return evaluate(only.expression, scope)
    const filled = pieces
      .map((piece) => ('text' in piece ? piece.text : asText(evaluate(piece.expression, scope))))
      .join('')
    if (filled.length > MAX_TEXT) throw new AppError('expression.failed', `A text grew to ${filled.length} characters`)
    return filled
  }
}

/** Every text inside a JSON value with its path. */
export function textsIn(
  value: Json,
  path: readonly PropertyKey[] = [],
): { path: readonly PropertyKey[]; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }]
  if (Array.isArray(value)) return value.flatMap((member, index) => textsIn(member, [...path, index]))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => textsIn(member, [...path, key]))
}

/** Cuts a text at its `${…}`; braces and quotes inside an expression are its own. Throws `expression.invalid`. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = []
  let plain = ''
  let at = 0
  while (at < text.length) {
    const start = text.indexOf('${', at)
    if (start < 0) break
    if (start > at && text[start - 1] === '$') {
      plain += `${text.slice(at, start - 1)}\${`
      at = start + 2
      continue
    }
    const end = closingBrace(text, start + 2)
    if (end === undefined)
      throw new AppError('expression.invalid', `"${text.slice(start, start + 40)}" has no closing }`)
    plain += text.slice(at, start)
    if (plain !== '') pieces.push({ text: plain })
    plain = ''
    pieces.push({ expression: text.slice(start + 2, end).trim() })
    at = end + 1
  }
  plain += text.slice(at)
  return plain === '' ? pieces : [...pieces, { text: plain }]
}

function closingBrace(text: string, from: number): number | undefined {
  let open = 1
  let quote: string | undefined
  for (let at = from; at < text.length; at += 1) {
    const letter = text[at]
    if (quote !== undefined) {
      if (letter === '\\') at += 1
      else if (letter === quote) quote = undefined
    } else if (letter === '"' || letter === "'") quote = letter
    else if (letter === '{') open += 1
    else if (letter === '}') {
      open -= 1
      if (open === 0) return at
    }
  }
  return undefined
}

function asText(value: Json): string {
  if (value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
