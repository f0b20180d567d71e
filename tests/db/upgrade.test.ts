import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { restoreBackup } from '../../db/backup.ts'
import { type Run, stageOn } from '../scenarios/stage.ts'
import { createEmptyDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

/**
 * Written by the first version itself (schema 0001 and 0002) in the middle of its work: five runs that ended, a paused
 * agent with a backlog, a run that asks for approval, one in the middle of a wait and one queued behind it, an alert.
 */
const FIRST = fileURLToPath(new URL('./fixtures/first-release.backup', import.meta.url))

describe('a database of the first version', () => {
  let database: TestDatabase
  let at: TestPlatform
  let schema: string[]
  const stage = stageOn(() => at)

  beforeAll(async () => {
    database = await createEmptyDatabase()
    const backup = await restoreBackup(database.url, FIRST)
    schema = backup.schema
    const sql = postgres(database.url, { max: 1 })
    // Whenever this test runs: the upgrade took as long as the wait of 90 seconds still had to go.
    await sql`update timers set due_at = clock_timestamp() - interval '90 seconds' + (due_at - ${backup.takenAt}::timestamptz)`
    await sql.end()
    at = await startPlatform({ database })
  }, 120_000)
  afterAll(async () => {
    await at.stop()
    await database.drop()
  })

  it('is known in full: agents, runs, events, alert', async () => {
    expect(schema).toEqual(['0001_runtime', '0002_platform'])
    const quick = await stage.runs('quick')
    expect(quick.map(({ outcome }) => outcome)).toEqual(Array(5).fill('succeeded'))
    expect(await stage.post({ type: 'quick.go', id: 'q0' })).toMatchObject({ status: 'duplicate' })
    expect((await at.get<{ items: object[] }>('/v1/alerts')).items).toMatchObject([{ kind: 'hot', status: 'firing' }])
    expect((await at.get<{ items: object[] }>('/v1/actors?status=parked')).items).toEqual([])
  })

  it('is worked on where it was left', async () => {
    const long = await stage.ended('long', 1, 60_000)
    expect(long[0]?.outcome).toBe('succeeded')
    expect((await stage.run(long[0]?.id ?? '')).steps.map(({ status }) => status)).toEqual(Array(3).fill('succeeded'))
    // The one behind it began: its wait of 90 seconds is a timer of today.
    await eventually('the next one', async () => (await stage.runs('long')).length === 2, { timeoutMs: 30_000 })

    await at.post('/v1/instances/sleeper/resume', { reason: 'an upgrade later' })
    expect((await stage.ended('sleeper', 1, 60_000)).map(({ outcome }) => outcome)).toEqual(['succeeded'])

    const [asking] = await stage.runs('careful')
    expect(asking?.state).toMatch(/awaitingApproval$/)
    await at.post(`/v1/runs/${asking?.id ?? ''}/approve`, { reason: 'it is still wanted' })
    expect((await stage.ended('careful', 1, 60_000)).map(({ outcome }) => outcome)).toEqual(['succeeded'])
    expect(await at.get('/v1/dead-letters')).toMatchObject({ items: [] })
  }, 180_000)

  it('takes new work beside the old', async () => {
    const before = (await stage.runs('quick')).length
    await stage.post({ type: 'quick.go' })
    const runs: Run[] = await stage.ended('quick', before + 1, 60_000)
    expect(runs.at(-1)?.outcome).toBe('succeeded')
  }, 90_000)
})
