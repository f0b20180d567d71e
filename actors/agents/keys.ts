import { createHash, randomBytes } from 'node:crypto'
import { ulid } from 'ulid'
import { AppError } from '../../core/errors.ts'
import { mayAct, PLATFORM, type Principal } from '../../core/principal.ts'
import type { Sql } from '../../db/client.ts'
import { hasKeys, insertKey, listKeys, revokeKey, useKey } from '../../db/keys.ts'
import type { KeysApi } from './api.ts'
import type { Audit } from './audit.ts'

const PREFIX = 'trp_'

export interface Keys extends KeysApi {
  /** Makes sure that this key opens the platform as its first administrator; one that was revoked stays so. */
  ensureKey(key: string): Promise<void>
}

/** API keys. What is stored is a hash of 256 random bits, so looking one up tells nothing by the time it takes. */
export function createKeys({ sql, audit }: { sql: Sql; audit: Audit }): Keys {
  let everMade = false

  return {
    authenticate: (key) => useKey(sql, hashOf(key)),

    async required() {
      // Keys are revoked, never removed: once there was one, there is.
      everMade ||= await hasKeys(sql)
      return everMade
    },

    async create(by, { name, role, team = by.team }) {
      refuseMore(by, role, team)
      const key = PREFIX + randomBytes(32).toString('base64url')
      const view = await insertKey(sql, { id: ulid(), team, name, role, hash: hashOf(key) })
      if (!view) throw new AppError('internal', 'A key was drawn twice')
      await audit.append(by, 'key.create', view.id, { name, role, team })
      return { key, view }
    },

    list: (by) => listKeys(sql, reach(by)),

    async revoke(by, id) {
      if (!(await revokeKey(sql, reach(by), id))) {
        throw new AppError('key.not_found', `There is no key ${id}`, { details: { id } })
      }
      await audit.append(by, 'key.revoke', id)
    },

    async ensureKey(key) {
      const { team } = PLATFORM
      const made = await insertKey(sql, { id: ulid(), team, name: 'admin', role: 'admin', hash: hashOf(key) })
      if (made)
        await audit.append(PLATFORM, 'key.create', made.id, {
          name: made.name,
          role: made.role,
          team,
          configured: true,
        })
    },
  }
}

/** Nobody makes a key that may more than the own one; keys of other teams are for the installation's own administrators. */
function refuseMore(by: Principal, role: Principal['role'], team: string): void {
  if (!mayAct(by, role))
    throw new AppError('auth.forbidden', `A key of role ${by.role} cannot make one of role ${role}`)
  if (team !== by.team && by.team !== PLATFORM.team) {
    throw new AppError('auth.forbidden', `A key of team ${by.team} cannot make one for another team`)
  }
}

/** The teams whose keys someone may see and end: the own one, or all of them for who may also make them. */
function reach(by: Principal): string | null {
  return by.team === PLATFORM.team ? null : by.team
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}
