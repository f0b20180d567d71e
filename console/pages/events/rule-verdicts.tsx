import type { Verdict } from '../../api/answers.ts'
import { EmptyState } from '../../parts/empty-state.tsx'
import { Verdicts } from '../../parts/verdicts.tsx'
import { countText } from '../../parts/words.ts'

/** What each rule says of an event: those that would start something first, then the others with what stood against it. */
export function RuleVerdicts({ verdicts }: { verdicts: readonly Verdict[] }) {
  if (verdicts.length === 0) {
    return (
      <EmptyState title="There are no rules" icon="agents">
        <p>No agent is published, so nobody listens to anything yet.</p>
      </EmptyState>
    )
  }
  const matched = verdicts.filter(({ outcome }) => outcome === 'matched')
  const others = verdicts.filter(({ outcome }) => outcome !== 'matched')
  return (
    <div class="verdicts">
      <p class="small" role="status">
        {matched.length === 0
          ? `None of ${countText(verdicts.length, 'rule')} takes it.`
          : `${countText(matched.length, 'rule takes', 'rules take')} it, ${others.length} ${others.length === 1 ? 'does' : 'do'} not.`}
      </p>
      <Verdicts verdicts={[...matched, ...others]} />
    </div>
  )
}
