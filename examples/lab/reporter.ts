import type { Logger } from 'pino'
import type { Clock } from './clock.ts'
import { SEVERITIES, type Sighting } from './detector.ts'
import type { LabDevice } from './device.ts'
import { createOutbox, type Letter, type Outbox } from './outbox.ts'
import type { Send } from './platform.ts'

/** Tells the platform which devices there are, whether they can be reached, and what the detector sees. */
export interface Reporter {
  report(sighting: Sighting): void
  /** Registers every device that is new to the platform or has changed its connectivity since the last call. */
  register(): void
  /** Waits for what is on its way, for a bounded time, then gives up. */
  stop(graceMs: number): Promise<void>
}

export interface ReporterDeps {
  devices: readonly LabDevice[]
  /** The address under which the platform reaches this lab. */
  gateway: string
  /** Of the lab; durations are told in lab seconds, so that a rule such as `durationS >= 5` means the same at any speed. */
  speed: number
  send: Send
  clock: Clock
  log: Logger
}

type Connectivity = 'online' | 'offline'

/** Each device has an outbox of its own: its messages keep their order, and one device's trouble does not hold up another. */
export function createReporter({ devices, gateway, speed, send, clock, log }: ReporterDeps): Reporter {
  const outboxes = new Map<string, Outbox>()
  const announced = new Map<string, Connectivity>()

  function outboxOf(deviceId: string): Outbox {
    const outbox = outboxes.get(deviceId) ?? createOutbox({ send, clock, log: log.child({ device: deviceId }) })
    outboxes.set(deviceId, outbox)
    return outbox
  }

  function register(): void {
    for (const device of devices) {
      const connectivity = device.status().online ? 'online' : 'offline'
      if (announced.get(device.spec.id) === connectivity) continue
      announced.set(device.spec.id, connectivity)
      outboxOf(device.spec.id).put(registration(device, connectivity, gateway))
    }
  }

  function report(sighting: Sighting): void {
    const { device, condition, edge } = sighting
    log.info({ device: device.spec.id, condition, edge }, 'incident reported')
    outboxOf(device.spec.id).put(alert(sighting, speed))
  }

  async function stop(graceMs: number): Promise<void> {
    const drained = Promise.all([...outboxes.values()].map((outbox) => outbox.drained()))
    const patience = new AbortController()
    await Promise.race([drained, clock.sleep(graceMs, patience.signal)])
    patience.abort()
    await Promise.all([...outboxes.values()].map((outbox) => outbox.stop()))
  }

  return { report, register, stop }
}

function registration({ spec }: LabDevice, connectivity: Connectivity, gateway: string): Letter {
  const { id, kind, pool, host, labels, name } = spec
  return {
    method: 'PUT',
    path: `/v1/devices/${encodeURIComponent(id)}`,
    body: { kind, pool, host, labels, name, gateway, connectivity },
    topic: 'registration',
  }
}

/** The native alert. Device, kind and start name the incident: a repeated post says the same thing again. */
function alert({ device, condition, edge, startedAt, at, facts }: Sighting, speed: number): Letter {
  const { id, host, pool, labels } = device.spec
  const startsAt = new Date(startedAt).toISOString()
  const incident = `${id}/${condition}/${startsAt}`
  const body = {
    kind: condition,
    status: edge,
    device: id,
    host,
    severity: SEVERITIES[condition],
    startsAt,
    ...(edge === 'resolved' ? { endsAt: new Date(at).toISOString() } : {}),
    labels: { platform: labels.platform, host, pool },
    data: { durationS: Math.round((at - startedAt) * speed) / 1000, ...facts },
  }
  return { method: 'POST', path: '/v1/alerts', body, idempotencyKey: `${incident}/${edge}`, incident }
}
