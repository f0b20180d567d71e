import type { Alert, Device, Page, Run, Ticket } from '../../api/answers.ts'
import { pathOf, withQuery } from '../../api/client.ts'
import { useShortcuts } from '../../base/keyboard.ts'
import type { Params } from '../../base/page.ts'
import { actorPath } from '../../base/router.ts'
import { may, session } from '../../base/session.ts'
import { useResource } from '../../live/resource.ts'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { DetailHead } from '../../parts/detail-head.tsx'
import { Facts, Section } from '../../parts/facts.tsx'
import { Loading, LoadProblem } from '../../parts/load-state.tsx'
import { Severity } from '../../parts/severity.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Ago, Countdown, Duration } from '../../parts/time.tsx'
import { RunState } from '../runs/runs.tsx'
import { DeviceActions, kick, setMaintenance, VouchButton } from './device-actions.tsx'
import { Axes, Owner } from './device-tile.tsx'
import { Picture } from './picture.tsx'
import { useLab } from './simulate.tsx'
import { isRecord, lockOf, serviceText, waitingFor } from './use-lab.ts'
import '../../parts/lists.css'
import './devices.css'

/** One device: what it shows now, who has it, who waits, and what was done with it. */
export function DevicePage({ params: { id = '' } }: { params: Params }) {
  const { data, error, reload } = useResource<Device>(pathOf('devices', id), [`device/${id}`, 'lock'])
  const device = data.value
  const lab = useLab()
  const act = (work: (device: Device) => Promise<boolean>): void => {
    if (device) void work(device).then((done) => done && reload())
  }
  useShortcuts(
    may('operator')
      ? [
          { keys: 'm', label: 'Maintenance, or back into service', run: () => act(setMaintenance) },
          { keys: 'x', label: 'Kick: take it from its holder', run: () => act(kick) },
        ]
      : [],
  )
  if (!device) return error.value ? <LoadProblem error={error.value} onRetry={reload} /> : <Loading />
  const { name, pool } = device
  const team = typeof session.value === 'object' ? session.value.team : 'default'
  return (
    <>
      <DetailHead back={{ href: '/devices', label: 'Devices' }} title={name} state={<Axes device={device} />}>
        <a class="button" href={actorPath(`device/${id}`)}>
          Statechart
        </a>
        <a class="button" href={actorPath(lockOf(pool, team))}>
          Lock of {pool}
        </a>
        {may('operator') && <VouchButton device={device} onDone={reload} />}
        {may('operator') && <DeviceActions device={device} lab={lab} onDone={reload} />}
      </DetailHead>
      <div class="detail device-detail">
        <div class="device-side">
          <Picture device={device} everyMs={1000} />
          <DeviceFacts device={device} />
        </div>
        <div class="device-main">
          <Doubt device={device} />
          <Section title="Holder">
            <HolderCard device={device} />
          </Section>
          <Queue device={device} />
          <Runs id={id} />
          <Alerts id={id} />
        </div>
      </div>
      <footer class="page-foot">
        <CurlHint path={pathOf('devices', id)} />
      </footer>
    </>
  )
}

function DeviceFacts({ device }: { device: Device }) {
  const { id, kind, pool, host, labels, maintenance, updatedAt } = device
  const more = isRecord(labels) ? Object.entries(labels) : []
  return (
    <Facts
      facts={[
        ['Out of service', maintenance !== null && (serviceText(device) || 'no reason was given'), 'wide'],
        ['Id', <span class="mono">{id}</span>],
        ['Kind', kind],
        ['Pool', pool],
        ['Host', host],
        ...more.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const),
        ['Changed', <Ago at={updatedAt} />],
        ['Events', <a href={`/events?subject=${encodeURIComponent(id)}`}>about {id}</a>],
      ]}
    />
  )
}

/** Why nobody is given it. */
function Doubt({ device: { health, doubt } }: { device: Device }) {
  if (doubt === null) return null
  return (
    <Section title="In doubt">
      <p class="detail-line" data-tone="bad">
        It is {health}: {doubt.reason ?? 'no reason was given'}
      </p>
      <Facts
        facts={[
          ['Since', <Ago at={doubt.since} />],
          ['Said by', doubt.by],
        ]}
      />
      <p class="muted section-note">Nobody new is given it until somebody vouches for it.</p>
    </Section>
  )
}

/** What somebody who asks for it now has to expect; the lock gives away what is online, good and in service. */
function outlook({ connectivity, health, maintenance }: Device): string {
  if (maintenance !== null) return ', and nobody is given it while it is out of service'
  if (connectivity !== 'online') return ', and nobody is given it until it is online'
  if (health !== 'good') return `, and nobody is given it while it is ${health}`
  return '. Whoever asks first gets it'
}

function HolderCard({ device }: { device: Device }) {
  const { holder } = device
  if (!holder) return <p class="muted section-note">Nobody has it{outlook(device)}.</p>
  const { owner, reason, token, grantedAt, expiresAt, ticket } = holder
  return (
    <Facts
      facts={[
        ['Held by', <Owner owner={owner} />],
        ['For', reason, 'wide'],
        ['Since', <Ago at={grantedAt} />],
        ['Lease', <Countdown until={expiresAt} over="runs out" />],
        ['Token', token],
        ['Ticket', <span class="mono">{ticket}</span>, 'wide'],
      ]}
    />
  )
}

function Queue({ device }: { device: Device }) {
  const queue = useResource<Page<Ticket>>(pathOf('pools', device.pool, 'queue'), ['lock']).data.value?.items ?? []
  const tickets = waitingFor(device, queue)
  return (
    <Section title="Waits for it" count={tickets.length}>
      {tickets.length === 0 ? (
        <p class="muted section-note">Nobody.</p>
      ) : (
        <ol class="rows queue-rows">
          {tickets.map(({ ticket, position, owner, reason, priority, enqueuedAt }) => (
            <li key={ticket}>
              <span class="number">{position ?? '–'}</span>
              <span class="clip">
                <Owner owner={owner} />
              </span>
              <span class="muted clip">{reason ?? ''}</span>
              <span class="muted">priority {priority}</span>
              <span class="muted">
                <Ago at={enqueuedAt} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </Section>
  )
}

function Runs({ id }: { id: string }) {
  const runs = useResource<Page<Run>>(withQuery('/v1/runs', { device: id, limit: 10 }), ['run']).data.value?.items ?? []
  return (
    <Section title="Runs" tools={runs.length > 0 && <a href={`/runs?device=${encodeURIComponent(id)}`}>All runs</a>}>
      {runs.length === 0 ? (
        <p class="muted section-note">No agent has worked on it yet.</p>
      ) : (
        <ul class="rows device-runs">
          {runs.map((run) => (
            <li key={run.id}>
              <RunState run={run} />
              <a class="clip" href={`/runs/${encodeURIComponent(run.id)}`}>
                {run.agent}
              </a>
              <span class="muted clip">{run.reason ?? run.event.type}</span>
              <span class="muted">
                <Ago at={run.startedAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

function Alerts({ id }: { id: string }) {
  const path = withQuery('/v1/alerts', { subject: id, limit: 10 })
  const alerts = useResource<Page<Alert>>(path, ['alert']).data.value?.items ?? []
  return (
    <Section title="Alerts">
      {alerts.length === 0 ? (
        <p class="muted section-note">Nothing was ever wrong with it.</p>
      ) : (
        <ul class="rows device-runs">
          {alerts.map(({ fingerprint, kind, severity, state, startedAt, endedAt }) => (
            <li key={fingerprint}>
              <StateBadge state={state} />
              <a class="clip" href={`/alerts/${encodeURIComponent(fingerprint)}`}>
                {kind}
              </a>
              <Severity severity={severity} />
              <span class="muted">
                <Duration from={startedAt} to={endedAt} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
