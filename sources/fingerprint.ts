import { createHash } from 'node:crypto'

/**
 * Labels that may differ between two reports of one condition: how bad it is now, and which replica of a monitor
 * noticed it.
 */
const IGNORED: ReadonlySet<string> = new Set([
  'severity',
  'priority',
  'value',
  'timestamp',
  'prometheus',
  'prometheus_replica',
  'replica',
  '__replica__',
])

/**
 * Names a condition by its labels when the sender gives no fingerprint: SHA-256, hex, over the sorted labels.
 * Labels in another order give the same name, and no two sets of labels are written alike. `subject` is what the
 * condition is about besides its labels.
 */
export function fingerprintOf(
  labels: Readonly<Record<string, string>>,
  subject: readonly (string | undefined)[] = [],
): string {
  const identifying = Object.entries(labels)
    .filter(([name]) => !IGNORED.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const about = subject.map((part) => part ?? null)
  return createHash('sha256')
    .update(JSON.stringify([...about, ...identifying]))
    .digest('hex')
}
