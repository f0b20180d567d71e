import { useSignal } from '@preact/signals'
import type { Device, Page } from '../../api/answers.ts'
import { useShortcuts } from '../../base/keyboard.ts'
import { navigate, queryOf } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { useResource } from '../../live/resource.ts'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { ChipFacet, ClearFacets, SelectFacet } from '../../parts/facets.tsx'
import { Loading, LoadProblem } from '../../parts/load-state.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { SearchField } from '../../parts/search-field.tsx'
import { kick, setMaintenance } from './device-actions.tsx'
import { useQueues } from './use-lab.ts'
import { Wall } from './wall.tsx'
import '../../parts/lists.css'
import './devices.css'

const FILTERS = ['state', 'kind', 'q'] as const

const STATES: Readonly<Record<string, (device: Device) => boolean>> = {
  free: ({ holder, connectivity, health, maintenance }) =>
    holder === null && connectivity === 'online' && health === 'good' && maintenance === null,
  held: ({ holder }) => holder !== null,
  waited: ({ queue }) => queue > 0,
  trouble: ({ connectivity, health }) => connectivity !== 'online' || !['good', 'maintenance'].includes(health),
  maintenance: ({ maintenance }) => maintenance !== null,
}
const LABELS: Readonly<Record<string, string>> = {
  free: 'Free',
  held: 'In use',
  waited: 'Waited for',
  trouble: 'In trouble',
  maintenance: 'Out of service',
}

/** The wall: every device with what it shows, who has it, and who waits for it. */
export function Devices() {
  const { data, error, reload } = useResource<Page<Device>>('/v1/devices', ['device', 'lock'])
  const all = data.value?.items
  const pools = [...new Set((all ?? []).filter(({ queue }) => queue > 0).map(({ pool }) => pool))].sort()
  const queues = useQueues(pools).value
  const at = useSignal(-1)

  const [state, kind, q] = FILTERS.map(queryOf)
  const inState = STATES[state ?? ''] ?? (() => true)
  const wanted = (q ?? '').toLowerCase()
  const shown = (all ?? []).filter(
    (device) =>
      inState(device) &&
      (kind === '' || device.kind === kind) &&
      [device.id, device.name, device.host, device.pool].some((text) => text.toLowerCase().includes(wanted)),
  )
  const here = shown[at.value]
  const move = (by: number): void => {
    at.value = Math.max(0, Math.min(shown.length - 1, at.value + by))
  }
  const withHere = (work: (device: Device) => Promise<boolean>): void => {
    if (here) void work(here).then((done) => done && reload())
  }
  useShortcuts([
    { keys: 'j', label: 'Next device', run: () => move(1) },
    { keys: 'k', label: 'Device before', run: () => move(-1) },
    { keys: 'Enter', label: 'Open the device', run: () => here && navigate(`/devices/${encodeURIComponent(here.id)}`) },
    ...(may('operator')
      ? [
          { keys: 'm', label: 'Maintenance, or back into service', run: () => withHere(setMaintenance) },
          { keys: 'x', label: 'Kick: take it from its holder', run: () => withHere(kick) },
        ]
      : []),
  ])

  if (!all) return error.value ? <LoadProblem error={error.value} onRetry={reload} /> : <Loading />
  const kinds = [...new Set(all.map((device) => device.kind))].sort()
  return (
    <>
      <PageHead title="Devices" count={shown.length === all.length ? all.length : `${shown.length} of ${all.length}`}>
        <ChipFacet
          name="state"
          label="State"
          choices={[
            { value: '', label: 'All' },
            ...Object.entries(STATES).map(([value, is]) => ({
              value,
              label: LABELS[value] ?? value,
              count: all.filter(is).length,
            })),
          ]}
        />
        <SelectFacet name="kind" label="Kind" choices={kinds.map((value) => ({ value, label: value }))} />
        <SearchField label="Device or host" />
        <ClearFacets names={FILTERS} />
      </PageHead>
      {shown.length === 0 ? (
        <Empty filtered={all.length > 0} />
      ) : (
        <Wall devices={shown} queues={queues} at={at.value} onDone={reload} />
      )}
      <footer class="page-foot">
        <CurlHint path="/v1/devices" />
      </footer>
    </>
  )
}

function Empty({ filtered }: { filtered: boolean }) {
  if (filtered) {
    return (
      <EmptyState title="No device is like this" icon="search">
        <ClearFacets names={FILTERS} />
      </EmptyState>
    )
  }
  return (
    <EmptyState title="No device is registered" icon="devices">
      <p>
        A lab registers its devices itself: <code>PUT /v1/devices/:id</code> with kind, pool, host and the address of
        its gateway. The simulated lab does so at the start, unless it is off (<code>TROUPE_LAB=off</code>).
      </p>
    </EmptyState>
  )
}
