/** From the worst down; each has as many bars as it is bad, so that nobody needs the colour. */
const SEVERITIES = ['critical', 'high', 'warning', 'info', 'low'] as const

/** 0 for the worst; words that are not in the list stand last. */
export function severityRank(severity: string | null): number {
  const rank = SEVERITIES.findIndex((one) => one === severity)
  return rank < 0 ? SEVERITIES.length : rank
}

/** A severity as bars and a word. */
export function Severity({ severity }: { severity: string | null }) {
  if (severity === null) return <span class="muted">–</span>
  const bars = Math.max(1, 4 - severityRank(severity))
  return (
    <span class="severity" data-severity={severity}>
      <svg viewBox="0 0 16 12" width="16" height="12" aria-hidden="true">
        {[0, 1, 2, 3].map((bar) => (
          <rect
            key={bar}
            x={bar * 4}
            y={9 - bar * 3}
            width="3"
            height={3 + bar * 3}
            rx="0.5"
            data-on={bar < bars ? 'true' : undefined}
          />
        ))}
      </svg>
      {severity}
    </span>
  )
}
