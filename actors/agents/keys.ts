import { createHash, randomBytes } from 'node:crypto'
import { ulid } from 'ulid'
import { AppError } from '../../core/errors.ts'
import { mayAct, PLATFORM, type Principal } from '../../core/principal.ts'
import type { Sql } from '../../db/client.ts'
import { hasKeys, insertKey, listKeys, revokeKey, useKey } from '../../db/keys.ts'
import type { KeysApi } from './api.ts'
import type { Audit } from './audit.ts'
import { createRecent } from './recent.ts'

const PREFIX = 'trp_'
/** So long may a revoked key go on opening other processes, and a platform that got its first key stay open in them. */
const REMEMBERED_MS = 1_000

export interface Keys extends KeysApi {
  /** Makes sure that this key opens the platform as its first administrator; one that was revoked stays so. */
  ensureKey(key: string): Promise<void>
}

/** API keys. What is stored is a hash of 256 random bits, so looking one up tells nothing by the time it takes. */
export function createKeys({ sql, audit }: { sql: Sql; audit: Audit }): Keys {
  let everMade = false
  const principals = createRecent({
    ttlMs: REMEMBERED_MS,
    max: 1_000,
    load: (hash) => useKey(sql, hash),
    // A wrong key is asked about each time: whoever guesses must not push out those who know.
    keeps: (principal) => principal !== undefined,
  })
  const anyKey = createRecent({ ttlMs: REMEMBERED_MS, max: 1, load: () => hasKeys(sql), keeps: () => true })

  return {
    authenticate: (key) => principals.find(hashOf(key)),

    async required() {
      // Keys are revoked, never removed: once there was one, there is.
      everMade ||= await anyKey.find('')
      return everMade
    },

    async create(by, { name, role, team = by.team }) {
      refuseMore(by, role, team)
      const key = PREFIX + randomBytes(32).toString('base64url')
      const view = await insertKey(sql, { id: ulid(), team, name, role, hash: hashOf(key) })
      if (!view) throw new AppError('internal', 'A key was drawn twice')
      everMade = true
      await audit.append(by, 'key.create', view.id, { name, role, team })
      return { key, view }
    },

    list: (by) => listKeys(sql, reach(by)),

    async revoke(by, id) {
      if (!(await revokeKey(sql, reach(by), id))) {
        throw new AppError('key.not_found', `There is no key ${id}`, { details: { id } })
      }
      principals.forget()
      await audit.append(by, 'key.revoke', id)
    },

    async ensureKey(key) {
      const { team } = PLATFORM
      const made = await insertKey(sql, { id: ulid(), team, name: 'admin', role: 'admin', hash: hashOf(key) })
      everMade = true
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
