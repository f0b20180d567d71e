import type { Metrics } from '../../api/answers.ts'
import { countText } from '../../parts/words.ts'

/** How often runs of a version got where they should, as a bar and in words. */
export function Success({ metrics }: { metrics: Metrics | undefined }) {
  if (!metrics || metrics.successRate === null) {
    return <span class="muted small">{metrics && metrics.runs > 0 ? 'no run has ended yet' : 'no runs yet'}</span>
  }
  const percent = Math.round(metrics.successRate * 100)
  return (
    <span
      class="success"
      title={`${metrics.succeeded} succeeded, ${metrics.failed} failed, ${metrics.aborted} aborted`}
    >
      <span class="success-bar" aria-hidden="true">
        <span style={{ width: `${percent}%` }} />
      </span>
      <span>
        <strong class="number">{percent} %</strong> <span class="muted">of {countText(metrics.runs, 'run')}</span>
      </span>
    </span>
  )
}
