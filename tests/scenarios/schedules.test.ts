import { readFile } from 'node:fs/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LoggedEvent } from '../../actors/agents/events/events-api.ts'
import type { ScheduleView, SlotsView } from '../../actors/agents/schedules/schedules-api.ts'
import type { Wire } from '../../http/wire/words.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { backends } from '../support/redis.ts'
import { note, openStage } from './stage.ts'

type Schedule = Wire<ScheduleView>
interface Told {
  slot: string
  occasion: string
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** What a schedule sent, in the order of its slots. */
async function sent(at: TestPlatform, id: string, type = `schedule.${id}.fired`): Promise<Told[]> {
  const { items } = await at.get<{ items: LoggedEvent[] }>(`/v1/events?type=${type}&limit=500`)
  return items
    .map(({ data }) => (data as unknown as { schedule: Told }).schedule)
    .toSorted((a, b) => a.slot.localeCompare(b.slot))
}

const eventuallySent = (at: TestPlatform, id: string, count: number): Promise<Told[]> =>
  eventually(
    `${count} events of ${id}`,
    async () => {
      const told = await sent(at, id)
      return told.length >= count && told
    },
    { timeoutMs: 20_000 },
  )

describe.each(await backends())('24. a schedule on $name', ({ redisUrl }) => {
  const stage = openStage({ redisUrl })

  it('starts an agent that hears it, at every slot of its preview, once', async () => {
    await stage.publish({
      id: 'nightly-sweep',
      on: 'schedule.nightly.fired',
      steps: [note('{{ data.suite }} at {{ data.schedule.slot }}')],
    })
    const body = {
      id: 'nightly',
      cron: '*/2 * * * * *',
      timezone: 'Europe/Paris',
      data: { suite: 'smoke' },
      catchUp: 'all',
    }
    const made = await stage.at.post<Schedule>('/v1/schedules', body)
    expect(made).toMatchObject({ state: 'active', words: 'Every 2 seconds', type: 'schedule.nightly.fired' })
    const first = made.next[0] ?? ''
    const planned = await eventually(
      'the slots of its preview to be sent',
      async () => {
        const slots = (await sent(stage.at, 'nightly')).map(({ slot }) => slot)
        return slots.includes(made.next.at(-1) ?? '') && slots.slice(slots.indexOf(first))
      },
      { timeoutMs: 60_000 },
    )
    expect(planned.slice(0, made.next.length)).toEqual(made.next)
    await stage.at.post('/v1/schedules/nightly/pause')
    const told = await sent(stage.at, 'nightly')
    expect(new Set(told.map(({ slot }) => slot)).size).toBe(told.length)
    // Each of them is routed like any other event, and started one run.
    const runs = await stage.ended('nightly-sweep', told.length, 30_000)
    expect(runs).toHaveLength(told.length)
    expect(runs.every(({ outcome }) => outcome === 'succeeded')).toBe(true)
    expect(await stage.at.get<Schedule>('/v1/schedules/nightly')).toMatchObject({
      state: 'paused',
      fired: told.length,
      next: [],
    })
    await expectInvariants(stage.at.platform.runtime, stage.at.database.url)
  })

  it('of every Monday is due on Mondays of its zone, as its preview says', async () => {
    const rule = { cron: '0 7 * * MON', timezone: 'Australia/Lord_Howe' }
    const preview = await stage.at.post<Wire<SlotsView>>('/v1/schedules/preview', rule)
    expect(preview).toMatchObject({ words: 'At 07:00, only on Monday' })
    const made = await stage.at.post<Schedule>('/v1/schedules', { id: 'weekly', ...rule })
    expect(made.next).toEqual(preview.next)
    const show = (slot: string): string =>
      Intl.DateTimeFormat('en-GB', {
        weekday: 'short',
        hour: '2-digit',
        minute: '2-digit',
        timeZone: rule.timezone,
      }).format(new Date(slot))
    expect([...preview.next, ...preview.previous].map(show)).toEqual(Array(10).fill('Mon 07:00'))
    // What it would have sent on the last five.
    const [to = '', , , , from = ''] = preview.previous
    expect(await stage.at.post('/v1/schedules/weekly/backfill', { from, to })).toEqual({ slots: 5 })
    const told = await eventuallySent(stage.at, 'weekly', 5)
    expect(told.map(({ slot }) => slot)).toEqual(preview.previous.toReversed())
    expect(told.every(({ occasion }) => occasion === 'backfill')).toBe(true)
  })

  it('is due once where the clock leaps, and once where it goes back', async () => {
    await stage.at.post('/v1/schedules', { id: 'early', cron: '30 2 * * *', timezone: 'Europe/Paris' })
    for (const [from, to] of [
      ['2025-03-29T00:00:00Z', '2025-03-31T23:00:00Z'],
      ['2025-10-25T00:00:00Z', '2025-10-27T23:00:00Z'],
    ]) {
      await eventually('the one before to be done', async () => {
        const answer = await stage.at.request('POST', '/v1/schedules/early/backfill', { from, to })
        return answer.status === 202
      })
    }
    const told = await eventuallySent(stage.at, 'early', 6)
    expect(told.map(({ slot }) => slot)).toEqual([
      '2025-03-29T01:30:00.000Z',
      // 02:30 is never shown on this day: due at 03:00.
      '2025-03-30T01:00:00.000Z',
      '2025-03-31T00:30:00.000Z',
      '2025-10-25T00:30:00.000Z',
      // 02:30 is shown twice on this day: due the first time.
      '2025-10-26T00:30:00.000Z',
      '2025-10-27T01:30:00.000Z',
    ])
    // Asked for again, they are there already.
    await stage.at.post('/v1/schedules/early/backfill', { from: '2025-03-29T00:00:00Z', to: '2025-03-31T23:00:00Z' })
    await stage.at.platform.runtime.settled('schedule/early')
    await eventually('it to be done', async () => (await stage.at.get<Schedule>('/v1/schedules/early')).fired === 9)
    expect(await sent(stage.at, 'early')).toEqual(told)
  })
})

describe('25. a platform that was down over scheduled times', () => {
  let database: TestDatabase
  let at: TestPlatform
  const now = new Date()
  /** Due an hour ago, and at that time of every day before. */
  const slot = Math.floor((now.getTime() - HOUR) / 1_000) * 1_000
  const due = new Date(slot)
  const cron = `${due.getUTCSeconds()} ${due.getUTCMinutes()} ${due.getUTCHours()} * * *`
  const asleepAt = Math.floor((now.getTime() - 2 * HOUR) / 1_000) * 1_000
  const days = [3, 2, 1, 0].map((ago) => new Date(slot - ago * DAY).toISOString())

  beforeAll(async () => {
    database = await createTestDatabase()
    const before = await startPlatform({ database })
    for (const catchUp of ['none', 'last', 'all'])
      await before.post('/v1/schedules', { id: `on-${catchUp}`, cron, catchUp, maxDelayMs: 7 * DAY })
    await before.post('/v1/schedules', { id: 'strict', cron, catchUp: 'all', maxDelayMs: DAY + 2 * HOUR })
    await before.post('/v1/schedules', { id: 'second', cron: '* * * * * *', catchUp: 'all', maxDelayMs: 2.5 * HOUR })
    await before.stop()
    // As if it had been stopped three days ago, before that day's slot.
    const sql = postgres(database.url, { max: 1 })
    await sql`
      update actors
      set snapshot = jsonb_set(jsonb_set(snapshot::jsonb, '{context,next}', ${slot - 3 * DAY}::text::jsonb), '{context,through}', ${slot - 4 * DAY}::text::jsonb)::json
      where kind = 'schedule' and address <> 'schedule/second'`
    await sql`
      update actors
      set snapshot = jsonb_set(jsonb_set(snapshot::jsonb, '{context,next}', ${asleepAt}::text::jsonb), '{context,through}', ${asleepAt - 1_000}::text::jsonb)::json
      where address = 'schedule/second'`
    await sql`update timers set due_at = ${new Date(slot - 3 * DAY)} where address like 'schedule/%'`
    await sql.end()
    at = await startPlatform({ database })
  })
  afterAll(async () => {
    await at.stop()
    await database.drop()
  })

  const missedOf = (id: string): Promise<Schedule> =>
    eventually(`${id} to have seen what it missed`, async () => {
      const schedule = await at.get<Schedule>(`/v1/schedules/${id}`)
      return schedule.missed === 4 && schedule
    })
  const outage = (id: string): Promise<object> =>
    eventually('the outage to be told', async () => {
      const { items } = await at.get<{ items: LoggedEvent[] }>(`/v1/events?type=schedule.${id}.missed`)
      return items.length === 1 && (items[0]?.data as object)
    })

  it('records what was missed and sends none of it, if so told', async () => {
    const schedule = await missedOf('on-none')
    expect(schedule.last.map(({ slot: one, outcome }) => [one, outcome])).toEqual(
      days.toReversed().map((day) => [day, 'missed']),
    )
    expect(schedule.next[0]).toBe(new Date(slot + DAY).toISOString())
    expect(await outage('on-none')).toMatchObject({ schedule: { missed: 4, caughtUp: 0, from: days[0], to: days[3] } })
    expect(await sent(at, 'on-none')).toEqual([])
  })

  it('makes up for the last one', async () => {
    const schedule = await missedOf('on-last')
    expect(schedule.last[0]).toMatchObject({ slot: days[3], outcome: 'catch-up' })
    expect(await outage('on-last')).toMatchObject({ schedule: { missed: 4, caughtUp: 1 } })
    expect(await sent(at, 'on-last')).toEqual([{ id: 'on-last', slot: days[3], occasion: 'catch-up' }])
  })

  it('makes up for all of them, or for those that are not too old', async () => {
    await missedOf('on-all')
    expect((await eventuallySent(at, 'on-all', 4)).map(({ slot: one }) => one)).toEqual(days)
    await missedOf('strict')
    expect((await eventuallySent(at, 'strict', 2)).map(({ slot: one }) => one)).toEqual(days.slice(2))
  })

  it('makes up for two hours of seconds, each once and in order', async () => {
    const sql = postgres(database.url, { max: 1 })
    const caughtUp = await eventually(
      'it to be in time again',
      async () => {
        const schedule = await at.get<Schedule>('/v1/schedules/second')
        return schedule.last[0]?.outcome === 'slot' && schedule
      },
      { timeoutMs: 120_000, intervalMs: 200 },
    )
    await at.post('/v1/schedules/second/pause')
    expect(caughtUp.missed).toBeGreaterThanOrEqual(7_199)
    const slots = await sql<{ slot: string }[]>`
      select data -> 'schedule' ->> 'slot' as slot from event_log where type = 'schedule.second.fired' order by seq`
    await sql.end()
    const times = slots.map(({ slot: one }) => Date.parse(one))
    expect(times.slice(0, 7_200)).toEqual(Array.from({ length: 7_200 }, (_, n) => asleepAt + n * 1_000))
    expect(times).toEqual(times.map((_, n) => asleepAt + n * 1_000))
  })
})

describe('the example of a schedule', () => {
  const stage = openStage({ labSpeed: 20 })
  const example = (name: string): Promise<string> =>
    readFile(new URL(`../../examples/schedules/${name}`, import.meta.url), 'utf8')

  it('lets its agent look at a device of the simulated lab', async () => {
    const { at } = stage
    const headers = { 'content-type': 'application/yaml' }
    const body = await example('night-watch.yaml')
    const answer = await fetch(`${at.url}/v1/agents?publish=true`, { method: 'POST', headers, body })
    expect([answer.status, await answer.text()]).toEqual([201, expect.stringContaining('night-watch')])
    await eventually('it to listen', () => stage.instance('night-watch'))
    await at.post('/v1/schedules', JSON.parse(await example('night-watch.json')))
    await at.post('/v1/schedules/night-watch/trigger')
    const [run] = await stage.ended('night-watch', 1, 60_000)
    expect(run).toMatchObject({ outcome: 'succeeded', device: 'stb-2' })
  })
})
