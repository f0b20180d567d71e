import { type ASTNode, Environment } from '@marcbachmann/cel-js'
import type { Json } from '../../../core/json.ts'

/** The names an expression may use. */
export const SCOPE_NAMES = ['event', 'data', 'device', 'steps', 'result', 'now', 'alert', 'alerts'] as const

/**
 * CEL with JSON's numbers: they are doubles, and doubles calculate with integer literals. Unknown names do not compile.
 */
export const environment: Environment = SCOPE_NAMES.reduce(
  (env, name) => env.registerVariable(name, 'dyn'),
  new Environment({
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 500, maxDepth: 32, maxListElements: 200 },
  }),
)
for (const [left, right] of [
  ['double', 'int'],
  ['int', 'double'],
  ['double', 'double'],
]) {
  environment.registerOperator(`${left} % ${right}`, (a: number | bigint, b: number | bigint) => Number(a) % Number(b))
  if (left === right) continue
  environment.registerOperator(`${left} + ${right}`, (a: number | bigint, b: number | bigint) => Number(a) + Number(b))
  environment.registerOperator(`${left} - ${right}`, (a: number | bigint, b: number | bigint) => Number(a) - Number(b))
  environment.registerOperator(`${left} * ${right}`, (a: number | bigint, b: number | bigint) => Number(a) * Number(b))
  environment.registerOperator(`${left} / ${right}`, (a: number | bigint, b: number | bigint) => Number(a) / Number(b))
}

const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])

/**
 * What makes an expression too dear, or undefined. CEL has no unbounded loops, but the length of an expression bounds
 * its cost only without regular expressions (exponential), `cel.bind` (it doubles texts) and loops over loops:
 * an inner loop may only walk a part of the outer loop's element, so that together they walk the data once.
 */
export function tooDear(node: ASTNode, outer?: string, depth = 0): string | undefined {
  if (node.op === 'rcall') {
    const [name, receiver, args] = node.args
    if (name === 'matches') return 'matches() is not available: use startsWith, endsWith or contains'
    if (name === 'bind') return 'cel.bind() is not available'
    if (LOOPS.has(name) && args.length > 1) {
      if (depth >= 2 || (depth > 0 && rootOf(receiver) !== outer))
        return `${name}() inside another loop may only walk a part of its element`
      const [variable, ...bodies] = args
      const inner = variable?.op === 'id' ? variable.args : undefined
      return tooDear(receiver, outer, depth) ?? firstOf(bodies, (body) => tooDear(body, inner, depth + 1))
    }
  }
  return firstOf(children(node), (child) => tooDear(child, outer, depth))
}

/** The ids that `steps.<id>` and `steps["<id>"]` name. */
export function stepsIn(node: ASTNode): string[] {
  const own = stepOf(node)
  return [...(own === undefined ? [] : [own]), ...children(node).flatMap(stepsIn)]
}

/** A CEL value as JSON: timestamps become text, durations milliseconds. Throws RangeError for what JSON cannot hold. */
export function fromCel(value: unknown): Json {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' || typeof value === 'bigint') {
    const number = Number(value)
    if (!Number.isFinite(number)) throw new RangeError(`${number} is not a JSON number`)
    return number
  }
  if (Array.isArray(value)) return value.map(fromCel)
  if (value instanceof Set) return [...value].map(fromCel)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, member]) => [String(key), fromCel(member)]))
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value !== 'object') throw new RangeError('the result is not a JSON value')
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, fromCel(member)]))
  // The library's own numbers: unsigned integers, and durations in milliseconds.
  const primitive: unknown = value.valueOf()
  if (typeof primitive === 'bigint' || typeof primitive === 'number') return fromCel(primitive)
  throw new RangeError('the result is not a JSON value')
}

function stepOf(node: ASTNode): string | undefined {
  if (node.op === '.' || node.op === '.?') return isSteps(node.args[0]) ? node.args[1] : undefined
  if (node.op !== '[]' && node.op !== '[?]') return undefined
  const [object, key] = node.args
  return isSteps(object) && key.op === 'value' && typeof key.args === 'string' ? key.args : undefined
}

function isSteps(node: ASTNode): boolean {
  return node.op === 'id' && node.args === 'steps'
}

function rootOf(node: ASTNode): string | undefined {
  if (node.op === 'id') return node.args
  return node.op === '.' || node.op === '[]' ? rootOf(node.args[0]) : undefined
}

function children(node: ASTNode): ASTNode[] {
  return nodesIn(node.args)
}

function nodesIn(value: unknown): ASTNode[] {
  if (Array.isArray(value)) return value.flatMap(nodesIn)
  return isAstNode(value) ? [value] : []
}

function isAstNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function firstOf<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}
