import type { Alert } from '../../api/answers.ts'

/** What a person or an agent said of an alert, in a line. */
export function VerdictLine({ verdict }: { verdict: Alert['verdict'] }) {
  const said = readVerdict(verdict)
  if (!said) return <span class="muted">–</span>
  const { says, by, reason } = said
  return (
    <span title={reason}>
      {says}
      {by !== '' && ` by ${by}`}
      {reason !== '' && <span class="muted"> “{reason}”</span>}
    </span>
  )
}

function readVerdict(verdict: unknown): { says: string; by: string; reason: string } | undefined {
  if (!isRecord(verdict) || typeof verdict['says'] !== 'string') return undefined
  const { says, by, reason } = verdict
  const who = isRecord(by) ? by['id'] : by
  return { says, by: typeof who === 'string' ? who : '', reason: typeof reason === 'string' ? reason : '' }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
