import { useSignal } from '@preact/signals'
import type { LoggedEvent, Page, Verdict } from '../../api/answers.ts'
import { pathOf, post } from '../../api/client.ts'
import { may } from '../../base/session.ts'
import { attempt } from '../../base/toasts.tsx'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { Facts } from '../../parts/facts.tsx'
import { JsonTree } from '../../parts/json-tree.tsx'
import { Ago } from '../../parts/time.tsx'
import { Verdicts } from '../../parts/verdicts.tsx'
import { KindBadge } from './kind-badge.tsx'

/** An event that no agent took: why each of them did not, by the rules of now. */
export function UnheardEvent({ event }: { event: LoggedEvent }) {
  const { id, type, source, subject, severity, priority, data, receivedAt } = event
  const verdicts = useSignal<readonly Verdict[] | undefined>(undefined)
  const ask = (): Promise<boolean> => {
    const body = { type, source, priority, data, ...(subject && { subject }), ...(severity && { severity }) }
    return attempt(async () => {
      verdicts.value = (await post<Page<Verdict>>('/v1/events/dry-run', { body })).items
    })
  }
  const replay = (): Promise<boolean> =>
    attempt(() => post(pathOf('events', id, 'replay')), 'Routed again, by the rules of now')
  return (
    <>
      <h2>
        {type} <KindBadge kind="event" />
      </h2>
      <Facts
        facts={[
          ['Event', <a href={`/events/${encodeURIComponent(id)}`}>{id}</a>],
          ['Subject', subject],
          ['Source', source],
          ['Severity', severity],
          ['Received', <Ago at={receivedAt} />],
        ]}
      />
      {data !== null && (
        <section class="side-part" aria-label="Data">
          <JsonTree value={data} />
        </section>
      )}
      <div class="side-buttons">
        <button type="button" class="button primary" onClick={() => void ask()}>
          Why did nobody take it?
        </button>
        <a class="button" href={`/events/dry-run?from=${encodeURIComponent(id)}`}>
          Edit and dry run
        </a>
        {may('operator') && (
          <button
            type="button"
            class="button"
            title="Delivers it to whoever would take it now"
            onClick={() => void replay()}
          >
            Route again
          </button>
        )}
      </div>
      {verdicts.value && <Verdicts verdicts={verdicts.value} />}
      <CurlHint method="POST" path={`/v1/events/${id}/replay`} />
    </>
  )
}
