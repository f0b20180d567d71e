import type { Severity } from '../core/event.ts'

/** The words that monitors use, after Keep's table (https://github.com/keephq/keep). */
const WORDS = new Map<string, Severity>([
  ...each('critical', ['critical', 'crit', 'p1', 'disaster', 'fatal', 'emergency', 'page']),
  ...each('high', ['high', 'error', 'err', 'p2', 'major']),
  ...each('warning', ['warning', 'warn', 'p3', 'average', 'moderate']),
  ...each('info', ['info', 'information', 'informational', 'notice', 'p4']),
  ...each('low', ['low', 'debug', 'trace', 'p5', 'minor']),
])

/** Any sender's word for severity. What nobody knows is a warning, and `known` is false so that it can be flagged. */
export function readSeverity(word: string | undefined): { severity: Severity; known: boolean } {
  const severity = word === undefined ? undefined : WORDS.get(word.trim().toLowerCase())
  return severity === undefined ? { severity: 'warning', known: false } : { severity, known: true }
}

/** The CloudEvents `severitynumber`, which is OpenTelemetry's scale of 1 to 24. */
export function severityOfNumber(number: number): Severity {
  if (number >= 21) return 'critical'
  if (number >= 17) return 'high'
  if (number >= 13) return 'warning'
  return number >= 9 ? 'info' : 'low'
}

function each(severity: Severity, words: readonly string[]): [string, Severity][] {
  return words.map((word) => [word, severity])
}
