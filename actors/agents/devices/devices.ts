import { type Address, address, teamKey } from '../../../core/address.ts'
import { AppError } from '../../../core/errors.ts'
import type { Gateways } from '../../../core/gateways.ts'
import { canonicalJson } from '../../../core/json.ts'
import type { Principal } from '../../../core/principal.ts'
import { findActor } from '../../../db/actors.ts'
import { findDevice, type ListedDevice, listDevices } from '../../../db/devices.ts'
import type { Runtime } from '../../runtime.ts'
import { ask, revisionsOf } from '../mail/ask.ts'
import type { Audit } from '../records/audit.ts'
import type { DevicesApi, DeviceView } from './devices-api.ts'
import { ownerOf } from './owners.ts'
import { lockAddress } from './pools.ts'

/** How long a gateway may take for a picture, in milliseconds. */
const PICTURE_MS = 5_000

/** Devices of the lab. What is shown comes from the tables; what is changed goes through the device's own actor. */
export function createDevices(deps: { runtime: Runtime; audit: Audit; gateways: Gateways | undefined }): DevicesApi {
  const { runtime, audit, gateways } = deps
  const { sql } = runtime

  async function existing(by: Principal, id: string): Promise<ListedDevice> {
    const row = await findDevice(sql, by.team, id)
    if (!row) throw noDevice(id)
    return row
  }

  const view = async (by: Principal, id: string): Promise<DeviceView> => deviceView(await existing(by, id))

  /** Makes an actor for the team, or finds it; one of the same name that another team made is as if it were not there. */
  async function make(
    by: Principal,
    kind: 'device' | 'lock',
    key: string,
    input: { id: string } | { pool: string },
  ): Promise<Address> {
    const made = await runtime.spawn(kind, { key, team: by.team, input, sender: `user/${by.name}` })
    const actor = await findActor(sql, made)
    if (actor?.team !== by.team) throw noDevice(key)
    return made
  }

  return {
    list: async (by) => (await listDevices(sql, by.team)).map(deviceView),
    get: view,

    async picture(by, id) {
      const { gateway } = await existing(by, id)
      gateways?.admit(gateway)
      // A device that is off and a gateway that is away look alike from here, and neither is this program's fault.
      return gateways?.screenshot({ id, gateway }, AbortSignal.timeout(PICTURE_MS)).catch(() => undefined)
    },

    async register(by, id, { kind, pool, host, name = id, labels = {}, gateway, connectivity }) {
      gateways?.admit(gateway)
      const device = await make(by, 'device', id, { id })
      const before = await findDevice(sql, by.team, id)
      const key = teamKey(by.team, pool)
      if (!before || before.pool === pool) await make(by, 'lock', key, { pool })
      await ask(runtime, device, { type: 'REGISTER', kind, pool: key, host, name, labels, gateway, connectivity }, by)
      const after = await existing(by, id)
      if (after.pool !== pool) throw moves(id, after.pool, pool)
      // The lab says the same again and again; only news is worth a line.
      if (!before || said(before) !== said(after))
        await audit.append(by, 'device.register', id, { pool, kind, host, connectivity })
      return deviceView(after)
    },

    async maintenance(by, id, on, reason) {
      const before = await existing(by, id)
      if (!on && before.maintenance === null) return deviceView(before)
      await ask(runtime, address('device', id), { type: 'MAINTENANCE', on, by: by.name, reason }, by)
      await audit.append(by, on ? 'device.maintain' : 'device.return', id, { reason })
      return view(by, id)
    },

    async kick(by, id, reason) {
      const { pool, holder } = await existing(by, id)
      await ask(runtime, lockAddress(by.team, pool), { type: 'KICK', device: id, by: by.name, reason }, by)
      await audit.append(by, 'device.kick', id, { reason, ticket: holder?.ticket ?? null })
      return view(by, id)
    },

    async vouch(by, id, reason) {
      const { health, doubt } = await existing(by, id)
      const done = await ask(runtime, address('device', id), { type: 'HEALTHY', by: by.name, reason }, by)
      const was = { health, reason: doubt?.reason ?? null }
      await audit.append(by, 'device.vouch', id, { reason, was, ...revisionsOf(done) })
      return view(by, id)
    },
  }
}

export function deviceView({ holder, doubt: told, ...rest }: ListedDevice): DeviceView {
  const row = { ...rest, doubt: told && { ...told, since: new Date(told.since) } }
  if (!holder) return { ...row, holder }
  const { ticket, ownerKind, ownerId, token, reason, grantedAt, expiresAt } = holder
  const owner = ownerOf(ownerKind, ownerId)
  return {
    ...row,
    holder: { ticket, owner, token, reason, grantedAt: new Date(grantedAt), expiresAt: new Date(expiresAt) },
  }
}

/** What a registration says, as one text to compare. */
function said({ kind, pool, host, name, labels, gateway, connectivity }: ListedDevice): string {
  return canonicalJson({ kind, pool, host, name, labels, gateway, connectivity })
}

function noDevice(id: string): AppError {
  return new AppError('device.not_found', `There is no device ${id}`, { details: { id } })
}

function moves(id: string, pool: string, wanted: string): AppError {
  const text = `Device ${id} belongs to pool ${pool} and stays there, since its tokens are counted there: give it a new id in ${wanted}`
  return new AppError('event.refused', text, { details: { id, pool, wanted } })
}
