import type { LockRows, TicketRow } from '../../../db/locks.ts'
import type { ActorChange } from '../../../db/turn-commit.ts'
import { lockProjection } from '../../../machines/lock.ts'
import type { LockState } from '../../../machines/lock-desk.ts'
import { contextOf } from '../actor-change.ts'

/** What a pool's lock says of itself in a turn, as the rows that people query. */
export function lockRowsOf(change: ActorChange): LockRows {
  const context = contextOf<LockState>(change)
  const { leases, tickets } = lockProjection(context)
  const waiting = tickets.map(
    (ticket): TicketRow => ({ ...ticket, wants: { ...ticket.wants }, state: 'waiting', devices: [] }),
  )
  return { address: change.address, pool: change.key, leases, tickets: [...granted(context), ...waiting] }
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
