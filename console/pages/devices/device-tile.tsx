import type { Device, Ticket } from '../../api/answers.ts'
import { may } from '../../base/session.ts'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Countdown } from '../../parts/time.tsx'
import { countText } from '../../parts/words.ts'
import { DeviceActions } from './device-actions.tsx'
import { Picture } from './picture.tsx'
import { serviceText } from './use-lab.ts'

const QUEUE_SHOWN = 2

/** One device on the wall: what it shows, how it stands, who has it and who waits. */
export function DeviceTile({
  device,
  queue,
  at,
  place,
  lab,
  onDone,
}: {
  device: Device
  queue: readonly Ticket[]
  /** Whether the keyboard stands on it. */
  at: boolean
  place: Readonly<Record<'left' | 'top' | 'width' | 'height', string>>
  lab: string | null
  onDone: () => void
}) {
  const { id, name, kind, host } = device
  return (
    <li class="tile" data-at={at ? 'true' : undefined} data-device={id} style={place}>
      <Picture device={device} />
      <div class="tile-body">
        <div class="tile-name">
          <a class="row-link clip" href={`/devices/${encodeURIComponent(id)}`}>
            {name}
          </a>
          <span class="muted small clip">
            {id} · {kind} · {host}
          </span>
        </div>
        <Axes device={device} />
        <HolderLine device={device} />
        <ul class="tile-queue" aria-label={`Waits for ${name}`}>
          {queue.slice(0, QUEUE_SHOWN).map((ticket) => (
            <li key={ticket.ticket} class="clip" title={ticket.reason ?? undefined}>
              <span class="number">{ticket.position ?? '–'}.</span> <Owner owner={ticket.owner} />
              {ticket.reason !== null && <span class="muted"> {ticket.reason}</span>}
            </li>
          ))}
          {queue.length > QUEUE_SHOWN && <li class="muted">{countText(queue.length - QUEUE_SHOWN, 'more', 'more')}</li>}
        </ul>
        {may('operator') && <DeviceActions device={device} lab={lab} onDone={onDone} />}
      </div>
    </li>
  )
}

/** Three things that are true of a device at once, and are never mixed: reach, health, service. */
export function Axes({ device }: { device: Device }) {
  const { connectivity, health, maintenance } = device
  return (
    <span class="axes">
      <StateBadge state={connectivity} />
      {health !== 'maintenance' && <StateBadge state={health} tone={health === 'good' ? 'ok' : 'bad'} />}
      {maintenance === null ? (
        <StateBadge state="in service" tone="idle" />
      ) : (
        <span title={serviceText(device)}>
          <StateBadge state="out of service" tone="wait" />
        </span>
      )}
    </span>
  )
}

function HolderLine({ device: { holder } }: { device: Device }) {
  if (!holder) return <p class="tile-holder muted">Free</p>
  return (
    <p class="tile-holder" title={holder.reason ?? undefined}>
      <span class="clip">
        <Owner owner={holder.owner} />
        {holder.reason !== null && <span class="muted"> {holder.reason}</span>}
      </span>
      <span class="muted" title={`Lease ${holder.token}`}>
        <Countdown until={holder.expiresAt} over="runs out" />
      </span>
    </p>
  )
}

/** Who has or wants a device; runs have pages. */
export function Owner({ owner: { kind, id } }: { owner: Ticket['owner'] }) {
  if (kind === 'run') return <a href={`/runs/${encodeURIComponent(id)}`}>{id}</a>
  return (
    <span>
      {kind} {id}
    </span>
  )
}
