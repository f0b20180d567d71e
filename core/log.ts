import { type Logger, pino } from 'pino'
import { isSecret, scrub } from './secrets.ts'

export type Log = Logger

/**
 * JSON lines on stderr. Secrets are cut by walking the keys at the sink, since path-based redaction misses arrays, deep
 * members and other spellings; then by their shape in the line as a whole; and last those that are `known`, wherever they
 * stand.
 */
export function createLog(
  level: string,
  destination: { write(line: string): void } = process.stderr,
  known: readonly string[] = [],
): Log {
  const secrets = known.filter((secret) => secret.length >= SHORTEST)
  const write = (line: string): void => {
    destination.write(secrets.reduce((rest, secret) => rest.replaceAll(secret, '[cut]'), scrub(line)))
  }
  const walk = (object: object): Record<string, unknown> => cut(object, 0) as Record<string, unknown>
  return pino({ level, base: null, formatters: { log: walk, bindings: walk } }, { write })
}

/** What is shorter stands in many an innocent word. */
const SHORTEST = 6

function cut(value: unknown, depth: number): unknown {
  if (depth > 6) return '[deep]'
  if (typeof value === 'string') return scrub(value)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (value instanceof Error) {
    const { name, message, stack, cause } = value
    return {
      name,
      message: cut(message, depth),
      stack: cut(stack, depth),
      ...('code' in value ? { code: value.code } : {}),
      ...(cause === undefined ? {} : { cause: cut(cause, depth + 1) }),
    }
  }
  if (value instanceof Date) return value
  if (Array.isArray(value)) return value.map((member) => cut(member, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, isSecret(key, member) ? '[cut]' : cut(member, depth + 1)]),
  )
}
