import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMachine } from 'xstate'
import { examine } from '../../cli/doctor.ts'
import type { Finding } from '../../cli/doctor-findings.ts'
import { readConfig } from '../../core/config.ts'
import { drawKey } from '../../core/vault.ts'
import { openRuntime } from '../actors/open.ts'
import { troupe } from '../scenarios/programs.ts'
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts'
import { TEMP_PREFIX } from '../support/leftovers.ts'
import { startRedis } from '../support/redis.ts'

const idle = createMachine({})
const SECRET_KEY = drawKey()
const look = (env: Record<string, string>): Promise<Finding[]> =>
  examine(readConfig({ LOG_LEVEL: 'silent', TROUPE_SECRET_KEY: SECRET_KEY, ...env }))
const levels = (findings: Finding[]): Record<string, string> =>
  Object.fromEntries(findings.map(({ check, level }) => [check, level]))
const found = (findings: Finding[], check: string): Finding | undefined => findings.find((one) => one.check === check)

describe('the doctor', () => {
  const open = openRuntime({ machines: { idle } })
  let ill: TestDatabase
  let sql: postgres.Sql
  beforeAll(async () => {
    ill = await createTestDatabase()
    sql = postgres(ill.url, { max: 2 })
  })
  afterAll(async () => {
    await sql.end()
    await ill.drop()
  })

  it('finds nothing wrong with work that goes well, and tells what the server does not keep', async () => {
    await open.runtime.spawn('idle', { key: 'a' })
    const findings = await look({ DATABASE_URL: open.databaseUrl })
    // The server of the tests is set up to forget on a power cut, and is vacuumed by nobody.
    expect(findings.filter(({ level }) => level !== 'ok').map(({ check }) => check)).toEqual([
      'durability',
      'autovacuum',
    ])
    expect(found(findings, 'durability')?.found).toBe('fsync, full_page_writes = off')
    expect(findings.every(({ level, advice }) => (advice === '') === (level === 'ok'))).toBe(true)
  })

  it('sees what stands still, and says what to do', async () => {
    await sql`
      insert into actors (address, kind, key, status, revision, value, snapshot, machine_hash, version, root, parked, updated_at)
      values ('idle/p', 'idle', 'p', 'parked', 1, '{}', '{}', '', '', 'idle/p', '{"message": "no such state"}', now()),
        ('idle/m', 'idle', 'm', 'active', 1, '{}', '{}', '', '', 'idle/m', null, now())`
    await sql`insert into mailbox (address, message_id, lane, event, created_at) values ('idle/m', 'x', 1, '{}', now() - interval '3 hours')`
    await sql`insert into timers (address, id, armed, event, due_at) values ('idle/m', 't', '1.0', '{}', now() - interval '3 minutes')`
    await sql`insert into invocations (effect_id, address, id, born, kind, src, input, attempts, not_before, lease_until)
      values ('e', 'idle/m', 'i', '1.0', 'promise', 'work', '{}', 12, now() - interval '2 hours', now() - interval '1 hour')`
    await sql`insert into dead_letters (address, message_id, event, reason, created_at) values ('idle/m', 'd', '{}', 'why', now() - interval '5 days')`
    await sql`insert into resource_locks (device, pool, ticket, owner_kind, owner_id, token, granted_at, expires_at)
      values ('stb-1', 'lab', 't', 'run', 'run/1', 1, now() - interval '1 hour', now() - interval '30 minutes')`
    await sql`insert into event_log (id, source, source_id, body_hash, type, time, data, priority, status)
      select n::text, '/t', n::text, '', 'nobody.cares', now(), '{}', 3, 'unhandled' from generate_series(1, 150) n`
    await sql`update housekeeping set finished_at = now() - interval '3 days', report = '{"unproven": 2}'`

    const findings = await look({ DATABASE_URL: ill.url })
    expect(levels(findings)).toMatchObject({
      mail: 'problem',
      timers: 'problem',
      invocations: 'problem',
      retries: 'warning',
      parked: 'problem',
      'dead letters': 'warning',
      'unhandled events': 'warning',
      leases: 'problem',
      retention: 'warning',
      histories: 'problem',
    })
    expect(found(findings, 'mail')?.found).toContain('3 h')
    expect(found(findings, 'parked')?.found).toBe('1 actors, most of kind idle: no such state (idle/p)')
    expect(found(findings, 'unhandled events')?.found).toContain('nobody.cares')
  })

  it('names the transaction that everybody waits for', async () => {
    await sql.begin(async (tx) => {
      const [me] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid, pg_current_xact_id()::text`
      const oldest = found(await look({ DATABASE_URL: ill.url }), 'oldest transaction')
      expect(oldest?.found).toContain(`pid ${me?.pid ?? ''}`)
    })
  })

  it('looks at a database that is not migrated, or not there, and changes nothing', async () => {
    const empty = await createEmptyDatabase()
    const findings = await look({ DATABASE_URL: empty.url })
    expect(found(findings, 'migrations')).toMatchObject({
      level: 'warning',
      found: expect.stringContaining('0001_runtime'),
    })
    const [row] = await (async () => {
      const other = postgres(empty.url, { max: 1 })
      const rows = await other`select to_regclass('actors')::text as found`
      await other.end()
      return rows
    })()
    expect(row?.['found']).toBeNull()
    await empty.drop()
    expect(await look({ DATABASE_URL: empty.url })).toMatchObject([{ check: 'postgres', level: 'problem' }])

    const folder = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
    expect(await look({ TROUPE_DATA_DIR: folder })).toMatchObject([{ check: 'postgres', level: 'problem' }])
    expect(await readdir(folder)).toEqual([])
    await rm(folder, { recursive: true })
  })

  it('looks at Redis: what it throws away when it is full, and whether it is there', async ({ skip }) => {
    const server = await startRedis()
    if (!server) return skip()
    const redis = new Redis(server.url)
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
    const env = { DATABASE_URL: open.databaseUrl, REDIS_URL: server.url }
    expect(found(await look(env), 'redis eviction')).toMatchObject({
      level: 'warning',
      found: expect.stringContaining('allkeys-lru'),
    })
    await redis.config('SET', 'maxmemory-policy', 'noeviction')
    expect(found(await look(env), 'redis eviction')?.level).toBe('ok')
    redis.disconnect()
    await server.stop()
    expect(found(await look(env), 'redis')?.level).toBe('problem')
  })

  it('says it on the command line: a line for each check, JSON for programs, and an exit code', async () => {
    const env = { DATABASE_URL: ill.url, REDIS_URL: '' }
    const people = await troupe(['doctor'], env)
    expect(people.code).toBe(1)
    expect(people.text).toMatch(/^PROBLEM {2}parked: 1 actors.*\n +→ Deploy a build/m)
    const programs = await troupe(['doctor', '--json'], env)
    expect(programs.code).toBe(1)
    expect(levels(JSON.parse(programs.text) as Finding[])).toMatchObject({ parked: 'problem', migrations: 'ok' })
  }, 60_000)
})
