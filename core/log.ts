import { type Logger, pino } from 'pino'

export type Log = Logger

const SECRET_KEY = /(authorization|cookie|secret|password|passwd|token|api[-_]?key|credential|signature)/i
/** Fencing and revision tokens are numbers, and facts worth logging. */
const redact = (key: string, value: unknown): boolean => SECRET_KEY.test(key) && typeof value !== 'number'

/**
 * JSON lines on stderr. Secrets are cut by walking the keys at the sink, since path-based redaction misses arrays,
 * deep members and other spellings; URLs lose their user-info part.
 */
export function createLog(level: string, destination: { write(line: string): void } = process.stderr): Log {
  return pino(
    { level, base: null, formatters: { log: (object) => cut(object, 0) as Record<string, unknown> } },
    destination,
  )
}

function cut(value: unknown, depth: number): unknown {
  if (depth > 6) return '[deep]'
  if (typeof value === 'string') return value.replaceAll(/\/\/[^/@\s]*@/g, '//')
  if (value instanceof Error) {
    const { name, message, stack } = value
    return { name, message: cut(message, depth), stack, ...('code' in value ? { code: value.code } : {}) }
  }
  if (Array.isArray(value)) return value.map((member) => cut(member, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, redact(key, member) ? '[cut]' : cut(member, depth + 1)]),
  )
}
