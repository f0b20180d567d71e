import type { DeviceRow } from '../../../db/devices.ts'
import type { ActorChange } from '../../../db/turn-commit.ts'
import { deviceProjection } from '../../../machines/device.ts'
import type { DeviceState } from '../../../machines/device-protocol.ts'
import { contextOf } from '../actor-change.ts'
import { poolOf } from './pools.ts'

/** What a device says of itself in a turn, as the row that people query; undefined until it has registered. */
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
