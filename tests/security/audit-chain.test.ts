import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAudit } from '../../actors/agents/records/audit.ts'
import { type AuditVerdict, checkAudit, createAuditSealer } from '../../actors/agents/records/audit-chain.ts'
import { examine } from '../../cli/doctor.ts'
import type { Finding } from '../../cli/doctor-findings.ts'
import { readConfig } from '../../core/config.ts'
import { createLog } from '../../core/log.ts'
import { LOCAL } from '../../core/principal.ts'
import { createVault, drawKey } from '../../core/vault.ts'
import { connect, type Sql } from '../../db/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const KEY = drawKey()
const YEAR = 365 * 86_400_000
const vault = createVault([KEY])
let database: TestDatabase
let sql: Sql
/** Whoever has the database: no trigger holds its owner. */
let owner: postgres.Sql
beforeAll(async () => {
  database = await createTestDatabase()
  sql = connect(database.url)
  owner = postgres(database.url, { max: 1, onnotice: () => undefined })
})
afterAll(async () => {
  await owner.end()
  await sql.end()
  await database.drop()
})

const sealer = (log = createLog('silent')) => createAuditSealer({ sql, vault, log })
const check = (keptMs: number | null = YEAR): Promise<AuditVerdict> => checkAudit(sql, vault, keptMs)
const write = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n++) await createAudit({ sql }).append(LOCAL, 'thing.done', `${n}`, { n, text: 'é "\n' })
}

/** Three seals over nine entries, and one entry that is not sealed. */
beforeEach(async () => {
  await owner`alter table audit disable trigger keep_audit`
  await owner`delete from audit`
  await owner`delete from audit_seals`
  for (const _ of [1, 2, 3]) {
    await write(3)
    await sealer().seal()
  }
  await write(1)
})

describe('the audit', () => {
  it('is proven by its seals, and what came after the last one is not yet', async () => {
    expect(await check()).toMatchObject({
      seals: 3,
      entries: 9,
      broken: [],
      unknownKeys: [],
      aged: 0,
      head: { number: 3 },
    })
    expect(await sealer().seal()).toBe(1)
    expect(await sealer().seal()).toBe(0)
    expect(await check()).toMatchObject({ seals: 4, entries: 10, broken: [] })
  })

  const crimes: Record<string, () => PromiseLike<unknown>> = {
    'a word of an entry': () => owner`update audit set principal = 'nobody' where target = '1'`,
    'a number in its details': () =>
      owner`update audit set details = '{"n": 7}' where id = (select min(id) + 4 from audit)`,
    'its time by a microsecond': () => owner`
      update audit set at = at + interval '1 microsecond' where id = (select min(id) from audit)`,
    'its team': () => owner`update audit set team = 'other' where id = (select min(id) from audit)`,
    'an entry in the middle, which is gone': () => owner`delete from audit where id = (select min(id) + 4 from audit)`,
    'the first entries, which are gone': () => owner`delete from audit where id < (select min(id) + 3 from audit)`,
    'an entry, in whose place another stands': async () => {
      await owner`delete from audit where id = (select up_to - 1 from audit_seals where number = 1)`
      await owner`
        insert into audit (id, team, principal, action, target, details) overriding system value
        select up_to - 1, 'default', 'me', 'thing.undone', '1', '{}' from audit_seals where number = 1`
    },
    'an entry and the seal that tells of it': async () => {
      await owner`delete from audit where id > (select up_to from audit_seals where number = 1)
        and id <= (select up_to from audit_seals where number = 2)`
      await owner`delete from audit_seals where number = 2`
    },
    'a seal, which says it is old': async () => {
      await owner`delete from audit where id <= (select up_to - 1 from audit_seals where number = 2)
        and id > (select up_to from audit_seals where number = 1)`
      await owner`update audit_seals set sealed_at = 0 where number = 2`
    },
    'two entries, which changed places': () => owner`
      update audit a set target = b.target from audit b where a.id + 1 = b.id and a.id = (select min(id) from audit)`,
  }
  for (const [what, commit] of Object.entries(crimes)) {
    it(`shows it when somebody with the database touched ${what}`, async () => {
      await commit()
      const { broken } = await check()
      expect(broken.length).toBeGreaterThan(0)
    })
  }

  it('may lose what is older than it is kept, from the beginning on, and nothing else', async () => {
    await owner`delete from audit where id <= (select up_to from audit_seals where number = 1)`
    expect((await check()).broken).toHaveLength(1)
    expect((await check(null)).broken).toHaveLength(1)
    // As if the year were over.
    expect(await check(-1_000)).toMatchObject({ broken: [], aged: 3, entries: 6 })
    await owner`delete from audit where id = (select max(up_to) - 1 from audit_seals)`
    expect((await check(-1_000)).broken).toHaveLength(1)
  })

  it('cannot be signed anew without the key', async () => {
    await owner`delete from audit where target = '1'`
    await owner`delete from audit_seals`
    const thief = createVault([drawKey()])
    await createAuditSealer({ sql, vault: thief, log: createLog('silent') }).seal()
    expect(await check()).toMatchObject({ unknownKeys: [thief.keyId] })
    await owner`update audit_seals set key_id = ${vault.keyId}`
    expect((await check()).broken).toHaveLength(1)
  })

  it('is sealed once where many processes do it while entries are written, and every entry is in a seal', async () => {
    const others = Array.from({ length: 3 }, () => sealer())
    let writing = true
    const seals = others.map(async (one) => {
      // A table that is held by a writer is left for the next time.
      while (writing) await one.seal().catch(() => 0)
    })
    await Promise.all(Array.from({ length: 4 }, () => write(25)))
    writing = false
    await Promise.all(seals)
    await sealer().seal()
    expect(await check()).toMatchObject({ entries: 110, broken: [] })
  })

  it('tells each seal to the log, which is not in the database', async () => {
    const lines: string[] = []
    await sealer(createLog('info', { write: (line) => lines.push(line) })).seal()
    const { head } = await check()
    expect(JSON.parse(lines[0] ?? '{}')).toMatchObject({ msg: 'audit sealed', number: 4, entries: 1, mac: head?.mac })
  })

  it('is only added to by whoever is not the owner of the table: a slip or an injected statement changes nothing', async () => {
    await owner`alter table audit enable trigger keep_audit`
    await expect(owner`update audit set principal = 'x'`).rejects.toThrow(/only ever added to/)
    await expect(owner`delete from audit`).rejects.toThrow(/only ever added to/)
    await write(1)
    expect((await check()).broken).toEqual([])
  })

  it('is looked at by the doctor', async () => {
    const look = async (env: Record<string, string>): Promise<Finding | undefined> => {
      const findings = await examine(readConfig({ DATABASE_URL: database.url, LOG_LEVEL: 'silent', ...env }))
      return findings.find((one) => one.check === 'audit')
    }
    const env = { TROUPE_SECRET_KEY: KEY }
    expect(await look(env)).toMatchObject({
      level: 'ok',
      found: expect.stringContaining('9 entries are what 3 seals say'),
    })
    expect(await look({ TROUPE_SECRET_KEY: drawKey() })).toMatchObject({ level: 'warning' })
    await owner`update audit set principal = 'nobody' where target = '1'`
    expect(await look(env)).toMatchObject({ level: 'problem', advice: expect.stringContaining('backup') })
  })
})
