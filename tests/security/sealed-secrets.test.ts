import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSources } from '../../actors/agents/access/sources.ts'
import { createAudit } from '../../actors/agents/records/audit.ts'
import { examine } from '../../cli/doctor.ts'
import type { Finding } from '../../cli/doctor-findings.ts'
import { readConfig } from '../../core/config.ts'
import { PLATFORM } from '../../core/principal.ts'
import { createVault, drawKey, type Vault } from '../../core/vault.ts'
import { writeBackup } from '../../db/backup.ts'
import { readBackup } from '../../db/backup-file.ts'
import { TEMP_PREFIX } from '../support/leftovers.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const SECRET = 'the-secret-of-the-hub-1'
let running: TestPlatform
beforeAll(async () => {
  running = await startPlatform()
}, 60_000)
afterAll(() => running.stop())

const sourcesWith = (vault: Vault) => {
  const { sql } = running.platform.runtime
  return createSources({ sql, audit: createAudit({ sql }), vault })
}

async function stored(id: string): Promise<string> {
  const { sql } = running.platform.runtime
  const [row] = await sql<{ secrets: string }[]>`select secrets::text as secrets from sources where id = ${id}`
  return row?.secrets ?? ''
}

async function signed(id: string, secret = SECRET): Promise<number> {
  const body = `{"type":"sealed.sent","data":"${id}"}`
  const digest = createHmac('sha256', secret).update(body).digest('hex')
  const response = await fetch(`${running.url}/v1/ingest/${id}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${digest}` },
    body,
  })
  await response.body?.cancel()
  return response.status
}

describe('the secret of a source', () => {
  it('is in no table and no backup, and its signatures are known all the same', async () => {
    await running.request('PUT', '/v1/sources/hub', { kind: 'manual', scheme: 'github', secret: SECRET })
    await running.request('POST', '/v1/sources/hub/rotate', { secret: 'another-secret-of-the-hub' })
    expect([await signed('hub'), await signed('hub', 'another-secret-of-the-hub')]).toEqual([202, 202])
    expect(await signed('hub', 'no-secret-of-the-hub')).toBe(401)
    const folder = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
    try {
      const path = join(folder, 'backup')
      await writeBackup(running.database.url, path)
      let rows = ''
      for await (const part of readBackup(path)) if (part.kind === 'row') rows += part.line
      expect(rows).toContain('"sealed"')
      expect(rows.includes(SECRET) || rows.includes('another-secret')).toBe(false)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('that was stored in clear by an earlier version is sealed at the next start, and sealed anew with a new key', async () => {
    const { sql } = running.platform.runtime
    await sql`
      insert into sources (team, id, kind, scheme, secrets)
      values ('default', 'old', 'manual', 'github', ${JSON.stringify([{ secret: SECRET, until: null }])}::text::json)`
    expect(await signed('old')).toBe(202)
    const second = await startPlatform({ database: running.database })
    await second.stop()
    expect(await stored('old')).not.toContain(SECRET)
    const before = await stored('hub')
    expect(await signed('old')).toBe(202)

    const [first, newer] = [drawKey(), drawKey()]
    await sql`delete from sources where id = 'hub'`
    await sql`update sources set secrets = ${JSON.stringify([{ secret: SECRET, until: null }])}::text::json where id = 'old'`
    expect(await sourcesWith(createVault([first])).sealAll()).toEqual({ sealed: 1, unreadable: 0 })
    const turning = createVault([newer, first])
    expect(await sourcesWith(turning).sealAll()).toEqual({ sealed: 1, unreadable: 0 })
    expect(await sourcesWith(turning).sealAll()).toEqual({ sealed: 0, unreadable: 0 })
    expect(await sourcesWith(createVault([first])).sealAll()).toEqual({ sealed: 0, unreadable: 1 })
    expect((await sourcesWith(createVault([newer])).find('old'))?.secrets).toEqual([SECRET])
    expect(before).toContain('sealed')
  })

  it('is looked at by the doctor: whether it is sealed, and whether a key here opens it', async () => {
    const { sql } = running.platform.runtime
    const key = drawKey()
    const look = async (env: Record<string, string>): Promise<Finding | undefined> => {
      const config = readConfig({ DATABASE_URL: running.database.url, LOG_LEVEL: 'silent', ...env })
      return (await examine(config)).find(({ check }) => check === 'secrets')
    }
    await sql`delete from sources`
    const nowhere = { TROUPE_DATA_DIR: join(tmpdir(), `${TEMP_PREFIX}nowhere`) }
    expect(await look(nowhere)).toMatchObject({ level: 'warning', found: expect.stringContaining('no key here') })
    await sourcesWith(createVault([key])).put(PLATFORM, 'seen', { kind: 'manual', scheme: 'bearer', secret: SECRET })
    expect(await look(nowhere)).toMatchObject({ level: 'problem' })
    expect(await look({ TROUPE_SECRET_KEY: key })).toMatchObject({
      level: 'ok',
      found: expect.stringContaining('all sealed'),
    })
    expect(await look({ TROUPE_SECRET_KEY: `${drawKey()},${key}` })).toMatchObject({ level: 'ok' })
    expect(await look({ TROUPE_SECRET_KEY: drawKey() })).toMatchObject({ level: 'problem' })
    await sql`update sources set secrets = ${JSON.stringify([{ secret: SECRET, until: null }])}::text::json`
    expect(await look({ TROUPE_SECRET_KEY: key })).toMatchObject({ level: 'warning' })
  })

  it('opens in its own row only, and a source whose key is gone is closed, not open', async () => {
    const { sql } = running.platform.runtime
    const sources = sourcesWith(createVault([drawKey()]))
    await sources.put(PLATFORM, 'mine', { kind: 'manual', scheme: 'bearer', secret: SECRET })
    await sources.put(PLATFORM, 'theirs', { kind: 'manual', scheme: 'bearer', secret: 'another-secret-of-theirs' })
    await sql`update sources set secrets = (select secrets from sources where id = 'theirs') where id = 'mine'`
    await expect(sources.find('mine')).rejects.toMatchObject({ code: 'secret.unreadable' })
    const response = await fetch(`${running.url}/v1/ingest/theirs`, {
      method: 'POST',
      headers: { authorization: 'Bearer another-secret-of-theirs', 'content-type': 'application/json' },
      body: '{"type":"sealed.sent"}',
    })
    expect([response.status, await response.json()]).toMatchObject([503, { code: 'secret.unreadable' }])
  })
})
