import { randomBytes } from 'node:crypto'
import { teamKey } from '../../../core/address.ts'
import { AppError } from '../../../core/errors.ts'
import { PLATFORM } from '../../../core/principal.ts'
import { createRecent } from '../../../core/recent.ts'
import type { Vault } from '../../../core/vault.ts'
import type { Sql } from '../../../db/client.ts'
import {
  deleteSource,
  findSource,
  listAllSources,
  listSources,
  noteUse,
  putSource,
  replaceSecrets,
  rotateSecret,
  type SourceRow,
  type StoredSecret,
} from '../../../db/sources.ts'
import type { Audit } from '../records/audit.ts'
import type { SourcesApi, SourceView } from './sources-api.ts'

/** So long a secret that was taken away may still be good in other processes. */
const REMEMBERED_MS = 1_000
const NOTED_MS = 60_000

export interface Sources extends SourcesApi {
  /** Seals with the newest key what is not. Safe to do in many processes at once. */
  sealAll(): Promise<{ sealed: number; unreadable: number }>
  /** How many there are, with secrets in clear, and with such as do not open here. */
  countSecrets(): Promise<{ sources: number; clear: number; unreadable: number }>
}

/**
 * Senders that sign what they send. A signature cannot be checked against a hash, so their secrets are sealed: whoever
 * has the database and not the key cannot sign in their place.
 */
export function createSources({ sql, audit, vault }: { sql: Sql; audit: Audit; vault: Vault | undefined }): Sources {
  const known = createRecent({
    ttlMs: REMEMBERED_MS,
    max: 1_000,
    load: async (path) => {
      const [team, id] = placeOf(path)
      // One source has one path: `default:x` is not another way to write `x`.
      const row = teamKey(team, id) === path ? await findSource(sql, team, id) : undefined
      return row && { ...row, secrets: row.secrets.map((one) => ({ text: opened(row, one), until: one.until })) }
    },
    // Whoever tries names must not push out those who have one.
    keeps: (row) => row !== undefined,
  })
  const noted = createRecent({
    ttlMs: NOTED_MS,
    max: 1_000,
    load: (path) => noteUse(sql, ...placeOf(path)),
    keeps: () => true,
  })

  function sealer(): Vault {
    if (vault) return vault
    throw new AppError('config.invalid', 'There is no key to seal a secret with: set TROUPE_SECRET_KEY')
  }
  const sealed = (row: { team: string; id: string }, secret: string): string => sealer().seal(secret, contextOf(row))
  const opened = (row: { team: string; id: string }, one: StoredSecret): string =>
    'sealed' in one ? sealer().open(one.sealed, contextOf(row)) : one.secret

  function opens(row: { team: string; id: string }, one: StoredSecret): boolean {
    try {
      return opened(row, one) !== ''
    } catch {
      // Why is told when it is asked for.
      return false
    }
  }

  return {
    list: async ({ team }) => (await listSources(sql, team)).map(viewOf),

    async put(by, id, { kind, scheme, secret = draw(scheme) }) {
      refuseWeak(scheme, secret)
      const row = await putSource(sql, {
        team: by.team,
        id,
        kind,
        scheme,
        sealed: sealed({ team: by.team, id }, secret),
      })
      if (!row) throw new AppError('internal', 'A source was not stored')
      known.forget()
      await audit.append(by, 'source.put', id, { kind, scheme })
      return { view: viewOf(row), secret }
    },

    async rotate(by, id, { secret: given, graceMs }) {
      const before = await findSource(sql, by.team, id)
      if (!before) throw noSource(id)
      const secret = given ?? draw(before.scheme)
      refuseWeak(before.scheme, secret)
      const row = await rotateSecret(sql, { team: by.team, id, sealed: sealed({ team: by.team, id }, secret), graceMs })
      if (!row) throw noSource(id)
      known.forget()
      await audit.append(by, 'source.rotate', id, { graceMs })
      return { view: viewOf(row), secret }
    },

    async remove(by, id) {
      if (!(await deleteSource(sql, by.team, id))) throw noSource(id)
      known.forget()
      await audit.append(by, 'source.remove', id)
    },

    async find(path) {
      const row = await known.find(path)
      if (!row) return undefined
      const secrets = row.secrets.filter(isGood).map(({ text }) => text)
      const principal = { name: `source/${row.id}`, team: row.team, role: 'operator' as const }
      return { principal, kind: row.kind, scheme: row.scheme, secrets }
    },

    used: (path) => noted.find(path),

    async sealAll() {
      const count = { sealed: 0, unreadable: 0 }
      for (const row of vault ? await listAllSources(sql) : []) {
        if (row.secrets.every((one) => 'sealed' in one && vault?.isCurrent(one.sealed))) continue
        try {
          await replaceSecrets(
            sql,
            row,
            row.secrets.map((one) => ({ sealed: sealed(row, opened(row, one)), until: one.until })),
          )
          count.sealed += 1
        } catch (error) {
          if (!(error instanceof AppError) || error.code !== 'secret.unreadable') throw error
          count.unreadable += 1
        }
      }
      return count
    },

    async countSecrets() {
      const rows = await listAllSources(sql)
      const clear = rows.filter(({ secrets }) => secrets.some((one) => 'secret' in one))
      const unreadable = rows.filter((row) => !row.secrets.every((one) => opens(row, one)))
      return { sources: rows.length, clear: clear.length, unreadable: unreadable.length }
    },
  }
}

/** Moved to another source's row, a secret does not open. */
function contextOf({ team, id }: { team: string; id: string }): string {
  return JSON.stringify(['source', team, id])
}

function isGood({ until }: Pick<StoredSecret, 'until'>): boolean {
  return until === null || until > Date.now()
}

function viewOf({ secrets, team, ...row }: SourceRow): SourceView {
  const former = secrets[1]
  const formerUntil = former?.until && isGood(former) ? new Date(former.until) : null
  return { ...row, path: teamKey(team, row.id), formerUntil }
}

/** Team and id of `team:id`, or of an id of the first team. */
function placeOf(path: string): [team: string, id: string] {
  const colon = path.indexOf(':')
  return colon < 0 ? [PLATFORM.team, path] : [path.slice(0, colon), path.slice(colon + 1)]
}

function draw(scheme: string): string {
  return scheme === 'standard-webhooks'
    ? `whsec_${randomBytes(32).toString('base64')}`
    : randomBytes(32).toString('base64url')
}

/** Standard Webhooks asks for 24 to 64 bytes; whatever else is signed with should be as hard to guess. */
function refuseWeak(scheme: string, secret: string): void {
  if (scheme !== 'standard-webhooks') {
    if (/^[\x21-\x7e]{16,200}$/.test(secret)) return
    throw new AppError('request.invalid', 'secret: expected 16 to 200 printable characters without spaces')
  }
  const bytes = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1]
  const length = Buffer.from(bytes ?? '', 'base64').length
  if (length >= 24 && length <= 64) return
  throw new AppError('request.invalid', 'secret: expected whsec_ and 24 to 64 bytes as base64')
}

function noSource(id: string): AppError {
  return new AppError('source.not_found', `There is no source ${id}`, { details: { id } })
}
