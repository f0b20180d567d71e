import './schedules.css'
import { useSignal } from '@preact/signals'
import type { Page, Schedule } from '../../api/answers.ts'
import { Icon } from '../../base/icon.tsx'
import { queryOf } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { useResource } from '../../live/resource.ts'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { ChipFacet, ClearFacets } from '../../parts/facets.tsx'
import { Loading, LoadProblem } from '../../parts/load-state.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { SearchField } from '../../parts/search-field.tsx'
import { ScheduleCard } from './schedule-card.tsx'
import { ScheduleForm } from './schedule-form.tsx'

const FILTERS = ['q', 'state'] as const
const EXAMPLE = { id: 'nightly', cron: '0 3 * * *', timezone: 'Europe/Paris' }

/** Events by the clock: what is due when, what was, and what was missed. */
export function Schedules() {
  const schedules = useResource<Page<Schedule>>('/v1/schedules?limit=500', ['schedule'])
  const making = useSignal(false)
  const [q = '', state = ''] = FILTERS.map(queryOf)
  const all = schedules.data.value?.items
  const shown = all?.filter((one) => isAskedFor(one, q) && (state === '' || one.state === state))
  const of = (wanted: string): number | undefined => all?.filter((one) => one.state === wanted).length
  return (
    <>
      <PageHead title="Schedules" count={all?.length}>
        {(all?.length ?? 0) > 0 && (
          <>
            <ChipFacet
              name="state"
              label="State"
              choices={[
                { value: '', label: 'All' },
                { value: 'active', label: 'Active', count: of('active') },
                { value: 'paused', label: 'Paused', count: of('paused') },
                { value: 'ended', label: 'Ended', count: of('ended') },
              ]}
            />
            <SearchField label="Search schedules" />
          </>
        )}
        {may('operator') && (
          <button type="button" class="button primary" onClick={() => (making.value = true)}>
            <Icon name="plus" size={14} /> New schedule
          </button>
        )}
      </PageHead>
      {!all &&
        (schedules.error.value ? (
          <LoadProblem error={schedules.error.value} onRetry={schedules.reload} />
        ) : (
          <Loading />
        ))}
      {all?.length === 0 && <Empty />}
      {all && all.length > 0 && shown?.length === 0 && (
        <EmptyState title="No schedule is like this" icon="search">
          <p>Names, rules, zones and types of events are searched.</p>
          <ClearFacets names={FILTERS} />
        </EmptyState>
      )}
      {shown && shown.length > 0 && (
        <div class="schedules" role="region" aria-label="Schedules" tabIndex={0}>
          <ul>
            {shown.map((schedule) => (
              <ScheduleCard key={schedule.id} schedule={schedule} onChange={schedules.reload} />
            ))}
          </ul>
        </div>
      )}
      <footer class="page-foot">
        <CurlHint method="POST" path="/v1/schedules" body={EXAMPLE} />
      </footer>
      {making.value && <ScheduleForm onClose={() => (making.value = false)} onDone={schedules.reload} />}
    </>
  )
}

function Empty() {
  return (
    <EmptyState title="Nothing is due" icon="clock">
      <p>
        A schedule sends an event whenever its rule says so, for example every night at 3, and agents that listen to it
        start working: one called <code>nightly</code> sends <code>schedule.nightly.fired</code>, and an agent with{' '}
        <code>on: schedule.nightly.fired</code> hears it.
      </p>
      <p>
        Each slot is sent once, however many workers there are. What is missed while the platform is down is counted.
      </p>
    </EmptyState>
  )
}

function isAskedFor({ id, description, cron, words, timezone, type }: Schedule, q: string): boolean {
  return `${id} ${description} ${cron} ${words} ${timezone} ${type}`.toLowerCase().includes(q.toLowerCase())
}
