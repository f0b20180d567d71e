import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRetention, type RetentionReport } from '../../actors/agents/records/retention.ts'
import { createLog } from '../../core/log.ts'
import type { RetentionPolicy } from '../../core/retention.ts'
import { openStage, pause, type Stage } from '../scenarios/stage.ts'
import { eventually } from '../support/eventually.ts'

const DAY = 86_400_000
const policy: RetentionPolicy = {
  events: 90 * DAY,
  history: 90 * DAY,
  letters: 90 * DAY,
  evidence: 30 * DAY,
  audit: 400 * DAY,
  requests: DAY,
}

describe('what is older than it is to be kept', () => {
  const stage: Stage = openStage({})
  let sql: postgres.Sql
  beforeAll(() => {
    sql = postgres(stage.at.database.url, { max: 1 })
  })
  afterAll(() => sql.end())

  const keeper = () => createRetention({ runtime: stage.at.platform.runtime, policy, log: createLog('silent') })
  async function pass(): Promise<RetentionReport> {
    const report = await keeper().pass()
    if (!report) throw new Error('somebody else keeps house')
    return report
  }
  /** Makes all that is there now older than anything is kept. */
  async function age(): Promise<void> {
    const by = sql`interval '500 days'`
    await sql`update event_log set received_at = received_at - ${by}`
    await sql`update history set at = at - ${by}`
    await sql`update actors set updated_at = updated_at - ${by}`
    await sql`update dead_letters set created_at = created_at - ${by}, resolved_at = resolved_at - ${by}`
    await sql`update run_evidence set created_at = created_at - ${by}`
    // Its own trigger keeps it from being changed.
    await sql`alter table audit disable trigger keep_audit`
    await sql`update audit set at = at - ${by}`
    await sql`alter table audit enable trigger keep_audit`
  }
  async function count(table: string): Promise<number> {
    const [row] = await sql<{ n: number }[]>`select count(*)::int as n from ${sql(table)}`
    return row?.n ?? -1
  }
  async function logged(type: string): Promise<string[]> {
    const rows = await sql<{ id: string }[]>`select source_id as id from event_log where type = ${type} order by seq`
    return rows.map(({ id }) => id)
  }
  const quiet = () =>
    eventually('everything to be taken', async () => (await count('mailbox')) + (await count('invocations')) === 0, {
      timeoutMs: 30_000,
    })
  async function expectProven(): Promise<void> {
    for (const { address } of await sql<{ address: string }[]>`select address from actors`)
      expect(await stage.at.platform.runtime.replay(address), address).toMatchObject({ equal: true })
  }

  it('goes: runs with all that they wrote, events with their deliveries, the beginning of long histories', async () => {
    await stage.publish({ id: 'worker', on: 'work.asked', steps: [pause('1ms')] })
    for (let n = 0; n < 12; n++) await stage.post({ type: 'work.asked', id: `old-${n}` })
    await stage.ended('worker', 12, 60_000)
    await quiet()
    const before = await stage.instance('worker')
    await age()
    await stage.post({ type: 'work.asked', id: 'young' })
    await stage.ended('worker', 13, 60_000)
    await quiet()
    const young = await count('history')

    const report = await pass()
    expect(report).toMatchObject({ ended: 12, unproven: 0 })
    expect(report.removed.events).toBeGreaterThanOrEqual(12)
    expect(report.compacted).toBeGreaterThan(0)
    expect(await count('history')).toBe(young - report.removed.history)
    expect((await stage.runs('worker')).map(({ event }) => event.type)).toEqual(['work.asked'])
    expect(await logged('work.asked')).toEqual(['young'])
    expect([await count('deliveries'), await count('run_steps')]).toEqual([1, 1])
    expect((await stage.instance('worker')).runs.succeeded).toBe(before.runs.succeeded + 1)
    await expectProven()
    expect(await pass()).toMatchObject({ removed: { events: 0, history: 0 }, ended: 0, compacted: 0 })
  }, 120_000)

  it('is not known any more: an id of that age is a new event, a younger one is the same as before', async () => {
    expect(await stage.post({ type: 'work.asked', id: 'young' })).toMatchObject({ status: 'duplicate' })
    expect(await stage.post({ type: 'work.asked', id: 'old-0' })).toMatchObject({ status: 'routed' })
    await stage.ended('worker', 2, 60_000)
  }, 90_000)

  it('stays while somebody works on it: a backlog, a firing alert, an open letter', async () => {
    await stage.publish({ id: 'sleeper', on: 'sleep.asked', steps: [pause('1ms')] })
    await stage.at.post('/v1/instances/sleeper/pause', { reason: 'later' })
    await stage.becomes('sleeper', 'paused')
    await stage.post({ type: 'sleep.asked', id: 'waits' })
    await eventually('it to wait', async () => (await stage.instance('sleeper')).backlog === 1)
    await stage.alert({ kind: 'hot', device: 'stb-9', severity: 'critical' })
    const { runtime } = stage.at.platform
    await sql`insert into dead_letters (address, message_id, event, reason) values ('agent/sleeper', 'l1', '{"type":"X"}', 'because'), ('agent/sleeper', 'l2', '{"type":"X"}', 'because')`
    await sql`update dead_letters set resolution = 'discarded', resolved_by = 'me', resolved_at = clock_timestamp() where message_id = 'l2'`
    await quiet()
    await age()

    expect(await pass()).toMatchObject({ removed: { letters: 1 } })
    expect((await sql`select message_id from dead_letters`).map((row) => row['message_id'])).toEqual(['l1'])
    expect(await logged('sleep.asked')).toEqual(['waits'])
    expect(await logged('alert.hot.firing')).toHaveLength(1)
    expect(await logged('work.asked')).toEqual([])
    await expectProven()

    await stage.at.post('/v1/instances/sleeper/resume', { reason: 'now' })
    const [run] = await stage.ended('sleeper', 1, 60_000)
    expect(run?.outcome).toBe('succeeded')
    await runtime.settled('agent/sleeper')
  }, 120_000)

  it('says over HTTP what is gone, and from where on it can be told', async () => {
    const [{ revision } = { revision: 0 }] = await sql<{ revision: number }[]>`
      select revision::int from beginnings where address = 'agent/worker'`
    expect(revision).toBeGreaterThan(1)
    const gone = await stage.at.request('GET', '/v1/actors/agent/worker/replay?at=1')
    expect([gone.status, await gone.json()]).toMatchObject([410, { code: 'history.compacted', first: revision }])
    const there = await stage.at.request('GET', `/v1/actors/agent/worker/replay?at=${revision}`)
    expect(there.status).toBe(200)
  })

  it('is removed by one worker at a time, and by another one when that dies', async () => {
    const reports = await Promise.all([keeper().pass(), keeper().pass(), keeper().pass()])
    expect(reports.filter((report) => report !== undefined)).toHaveLength(1)
    await sql`update housekeeping set holder = 'dead', lease_until = clock_timestamp() + interval '1 hour'`
    expect(await keeper().pass()).toBeUndefined()
    await sql`update housekeeping set lease_until = clock_timestamp() - interval '1 second'`
    expect(await keeper().pass()).toBeDefined()
  })

  it('is found behind more than a pass looks at: the next pass goes on there, and begins anew after the youngest', async () => {
    const { runtime } = stage.at.platform
    // What the passes before left of every actor that lives: one old entry each, before all that follows.
    const living = await count('history')
    await stage.at.post('/v1/instances/sleeper/pause', { reason: 'for its history' })
    await stage.becomes('sleeper', 'paused')
    await stage.at.post('/v1/instances/sleeper/resume', { reason: 'again' })
    await quiet()
    await runtime.settled('agent/sleeper')
    await age()
    const kept = async (): Promise<number> => {
      const rows = await sql`select revision from history where address = 'agent/sleeper'`
      return rows.length
    }
    expect(await kept()).toBeGreaterThan(1)
    await sql`update housekeeping set history_cursor = null`
    const maxEntries = Math.ceil(living / 3)
    let passes = 0
    do {
      // Another worker each time: the place is not the process's.
      await createRetention({ runtime, policy, log: createLog('silent'), maxEntries }).pass()
      passes += 1
    } while ((await kept()) > 1 && passes < 10)
    expect(await kept()).toBe(1)
    expect(passes).toBeGreaterThan(1)
    await expectProven()
    await eventually('the end, after which it begins anew', async () => {
      await createRetention({ runtime, policy, log: createLog('silent'), maxEntries }).pass()
      const [row] = await sql<{ place: string | null }[]>`select history_cursor as place from housekeeping`
      return row?.place === null
    })
  }, 120_000)

  it('goes batch by batch while work goes on', async () => {
    await sql`
      insert into audit (at, team, principal, action, target, details)
      select clock_timestamp() - interval '500 days', 'default', 'me', 'x.y', n::text, '{}' from generate_series(1, 2600) n`
    const newest = await count('audit')
    const [report] = await Promise.all([
      pass(),
      ...Array.from({ length: 10 }, (_, n) => stage.post({ type: 'work.asked', id: `meanwhile-${n}` })),
    ])
    expect(report.removed.audit).toBe(2600)
    expect(await count('audit')).toBeGreaterThanOrEqual(newest - 2600)
    await eventually('all of it to be done', async () => (await stage.instance('worker')).backlog === 0, {
      timeoutMs: 60_000,
    })
    await expectProven()
  }, 120_000)
})
