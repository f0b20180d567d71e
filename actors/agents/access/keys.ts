import { createHash, randomBytes } from 'node:crypto'
import { ulid } from 'ulid'
import { AppError } from '../../../core/errors.ts'
import { mayAct, PLATFORM, type Principal } from '../../../core/principal.ts'
import { createRecent } from '../../../core/recent.ts'
import type { Sql } from '../../../db/client.ts'
import { findKey, hasKeys, insertKey, listKeys, replaceKey, revokeKey, useKey } from '../../../db/keys.ts'
import { deleteSession, insertSession } from '../../../db/sessions.ts'
import type { Audit } from '../records/audit.ts'
import type { KeysApi } from './keys-api.ts'

const KEY_PREFIX = 'trp_'
const SESSION_PREFIX = 'trs_'
/** What is shown of a key: its prefix and four of its 43 characters. */
const HINT_LENGTH = 8
/** So long may a revoked key go on opening other processes, and a platform that got its first key stay open in them. */
const REMEMBERED_MS = 1_000
const SESSION_MS = 12 * 3_600_000

export interface Keys extends KeysApi {
  /** Makes sure that this key opens the platform as its first administrator; one that was revoked stays so. */
  ensureKey(key: string): Promise<void>
}

/**
 * API keys and the sessions that are opened with them. What is stored, and looked up by, is a hash of 256 random bits: the
 * time that takes tells nothing of them, and a copy of the table opens nothing.
 */
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
    authenticate: (secret) => principals.find(hashOf(secret)),

    async required() {
      // Keys are revoked, never removed: once there was one, there is.
      everMade ||= await anyKey.find('')
      return everMade
    },

    async create(by, { name, role, team = by.team, expiresAt }) {
      refuseMore(by, role, team)
      refusePast(expiresAt)
      const key = draw(KEY_PREFIX)
      const view = await insertKey(sql, { id: ulid(), team, name, role, ...traceOf(key), expiresAt })
      if (!view) throw new AppError('internal', 'A key was drawn twice')
      everMade = true
      await audit.append(by, 'key.create', view.id, { name, role, team, expiresAt: expiresAt ?? null })
      return { key, view }
    },

    list: (by) => listKeys(sql, reach(by)),

    async rotate(by, id, { graceMs, expiresAt }) {
      const old = await findKey(sql, reach(by), id)
      if (!old) throw noKey(id)
      refuseMore(by, old.role, old.team)
      refusePast(expiresAt)
      const key = draw(KEY_PREFIX)
      const view = await replaceKey(sql, reach(by), id, { id: ulid(), ...traceOf(key), graceMs, expiresAt })
      if (!view) throw new AppError('key.ended', `Key ${id} has ended: make a new one`, { details: { id } })
      principals.forget()
      await audit.append(by, 'key.rotate', id, { replacedBy: view.id, graceMs })
      return { key, view }
    },

    async revoke(by, id) {
      if (!(await revokeKey(sql, reach(by), id))) throw noKey(id)
      principals.forget()
      await audit.append(by, 'key.revoke', id)
    },

    async openSession(key) {
      const session = draw(SESSION_PREFIX)
      const opened = await insertSession(sql, hashOf(key), hashOf(session), SESSION_MS)
      const principal = opened ? await principals.find(hashOf(session)) : undefined
      return principal && { session, principal, lastsMs: SESSION_MS }
    },

    async closeSession(session) {
      await deleteSession(sql, hashOf(session))
      principals.forget()
    },

    async ensureKey(key) {
      const { team } = PLATFORM
      const made = await insertKey(sql, { id: ulid(), team, name: 'admin', role: 'admin', ...traceOf(key) })
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

function refusePast(expiresAt: Date | undefined): void {
  if (expiresAt === undefined || expiresAt.getTime() > Date.now()) return
  throw new AppError('request.invalid', 'expiresAt: expected a time to come')
}

/** The teams whose keys someone may see and end: the own one, or all of them for who may also make them. */
function reach(by: Principal): string | null {
  return by.team === PLATFORM.team ? null : by.team
}

function noKey(id: string): AppError {
  return new AppError('key.not_found', `There is no key ${id}`, { details: { id } })
}

function draw(prefix: string): string {
  return prefix + randomBytes(32).toString('base64url')
}

function traceOf(key: string): { hash: string; hint: string } {
  return { hash: hashOf(key), hint: key.slice(0, HINT_LENGTH) }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
