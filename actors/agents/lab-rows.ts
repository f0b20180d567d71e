import type { AlertRow } from '../../db/alerts.ts'
import type { DeviceRow } from '../../db/devices.ts'
import type { LockRows, TicketRow } from '../../db/locks.ts'
import type { ActorChange } from '../../db/turn-commit.ts'
import type { AlertState } from '../../machines/alert-protocol.ts'
import { activePaths } from '../../machines/describe.ts'
import { deviceProjection } from '../../machines/device.ts'
import type { DeviceState } from '../../machines/device-protocol.ts'
import { lockProjection } from '../../machines/lock.ts'
import type { LockState } from '../../machines/lock-desk.ts'
import { poolOf } from './devices/pools.ts'

/** What the lab's actors say of themselves in a turn, as rows of the tables that people query. */

/** Undefined until the device has registered. */
export function deviceRow(change: ActorChange): DeviceRow | undefined {
  const { kind, pool, host, name, gateway, health, reason, by, ...row } = deviceProjection({
    context: contextOf<DeviceState>(change),
  })
  if (kind === null || pool === null || host === null || name === null || gateway === null) return undefined
  const { id, labels, connectivity } = row
  const maintenance = health === 'maintenance' ? { by, reason } : null
  const { address, team } = change
  return {
    address,
    team,
    id,
    kind,
    pool: poolOf(team, pool),
    host,
    name,
    labels,
    gateway,
    connectivity,
    health,
    maintenance,
  }
}

export function lockRowsOf(change: ActorChange): LockRows {
  const context = contextOf<LockState>(change)
  const { leases, tickets } = lockProjection(context)
  const waiting = tickets.map(
    (ticket): TicketRow => ({ ...ticket, wants: { ...ticket.wants }, state: 'waiting', devices: [] }),
  )
  return { address: change.address, pool: change.key, leases, tickets: [...granted(context), ...waiting] }
}

/** Whoever took it on counts as a word on it, until it is over. */
export function alertRow(change: ActorChange): AlertRow {
  const { fingerprint, eventId, endedAt, verdict, acknowledged } = contextOf<AlertState>(change)
  const taken = acknowledged && {
    says: 'acknowledged',
    by: { ...acknowledged.by },
    reason: acknowledged.note,
    at: acknowledged.at,
  }
  const said = verdict && { ...verdict, by: { ...verdict.by } }
  const { address, team, snapshot } = change
  return {
    address,
    team,
    fingerprint,
    eventId,
    state: activePaths(snapshot.value).at(-1) ?? change.status,
    verdict: said ?? taken,
    endedAt,
  }
}

function granted({ devices }: LockState): TicketRow[] {
  const tickets = new Map<string, TicketRow>()
  for (const { id: device, lease } of Object.values(devices)) {
    if (!lease) continue
    const { ticket, token, expiresAt } = lease
    const held = { device, token, expiresAt: new Date(expiresAt).toISOString() }
    const known = tickets.get(ticket.id)
    if (known) known.devices.push(held)
    else {
      const { id, owner, priority, wants, reason, enqueuedAt } = ticket
      const asked = {
        ticket: id,
        ownerKind: owner.kind,
        ownerId: owner.id,
        priority,
        wants: { ...wants },
        reason,
        enqueuedAt,
      }
      tickets.set(id, { ...asked, state: 'granted', position: null, devices: [held] })
    }
  }
  return [...tickets.values()]
}

/** The machine of this kind wrote the context in this very turn, so its type needs no second look. */
function contextOf<Context>(change: ActorChange): Context {
  return change.snapshot.context as unknown as Context
}
