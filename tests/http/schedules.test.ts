import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ScheduleView, SlotsView } from '../../actors/agents/schedules/schedules-api.ts'
import type { Wire } from '../../http/wire/words.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { type Client, createClient } from './client.ts'

type Schedule = Wire<ScheduleView>
interface Problem {
  detail: string
  code: string
  problems: { path: string; message: string }[]
}
interface Events {
  items: {
    type: string
    subject: string | null
    source: string
    data: { schedule: { occasion: string } }
    priority: number
  }[]
}

const ADMIN = `trp_${'a'.repeat(40)}`
/** Nothing is due while the test looks. */
const RARE = '0 0 29 2 *'

let running: TestPlatform
let ask: Client
let neighbour: Client
beforeAll(async () => {
  running = await startPlatform({ apiKey: ADMIN })
  ask = createClient(running, { authorization: `Bearer ${ADMIN}` })
  const { body } = await ask<{ key: string }>('POST /v1/keys', 201, {
    body: { name: 'n', role: 'admin', team: 'other' },
  })
  neighbour = createClient(running, { authorization: `Bearer ${body.key}` })
})
afterAll(() => running.stop())

const make = async (id: string, more: object = {}): Promise<Schedule> =>
  (await ask<Schedule>('POST /v1/schedules', 201, { body: { id, cron: RARE, ...more } })).body

describe('a schedule', () => {
  it('is made, shown, changed by version, and taken away', async () => {
    const { body: made, headers } = await ask<Schedule>('POST /v1/schedules', 201, {
      body: { id: 'leap', cron: RARE, timezone: 'Europe/Paris', subject: 'stb-1', data: { suite: 'smoke' } },
    })
    expect(headers.get('location')).toBe('/v1/schedules/leap')
    expect(headers.get('etag')).toBe('"1"')
    expect(made).toMatchObject({
      words: 'At 00:00, on day 29 of the month, only in February',
      type: 'schedule.leap.fired',
      catchUp: 'last',
      maxDelayMs: 3_600_000,
      jitterMs: 0,
      state: 'active',
      last: [],
      fired: 0,
      missed: 0,
    })
    expect(made.next).toHaveLength(5)
    expect((await ask<Schedule>('GET /v1/schedules/leap', 200)).body).toEqual(made)
    expect((await ask<{ items: Schedule[] }>('GET /v1/schedules?state=active', 200)).body.items).toEqual([made])
    expect((await ask<{ items: Schedule[] }>('GET /v1/schedules?state=paused', 200)).body.items).toEqual([])

    expect((await ask<Problem>('POST /v1/schedules', 409, { body: { id: 'leap', cron: RARE } })).body.code).toBe(
      'schedule.exists',
    )
    const body = { cron: '0 7 * * MON', catchUp: 'none' }
    const changed = await ask<Schedule>('PUT /v1/schedules/leap', 200, { body, headers: { 'if-match': '"1"' } })
    expect(changed.body).toMatchObject({
      words: 'At 07:00, only on Monday',
      timezone: 'UTC',
      subject: null,
      version: 2,
    })
    const late = await ask<Problem>('PUT /v1/schedules/leap', 412, { body, headers: { 'if-match': '"1"' } })
    expect(late.body.code).toBe('request.precondition_failed')
    await ask('DELETE /v1/schedules/leap', 412, { headers: { 'if-match': '"1"' } })
    await ask('DELETE /v1/schedules/leap', 204, { headers: { 'if-match': '"2"' } })
    expect((await ask<Problem>('GET /v1/schedules/leap', 404)).body.code).toBe('schedule.not_found')
    await ask('DELETE /v1/schedules/leap', 404)
    await ask('PUT /v1/schedules/leap', 412, { body, headers: { 'if-match': '"2"' } })
    await ask('PUT /v1/schedules/leap', 412, { body, headers: { 'if-match': '*' } })
    expect((await ask<Schedule>('PUT /v1/schedules/leap', 201, { body })).body).toMatchObject({ version: 3, fired: 0 })
    await ask('PUT /v1/schedules/leap', 200, { body, headers: { 'if-match': '*' } })
    await ask('DELETE /v1/schedules/leap', 204)
  })

  it('is one of a thousand of its team at most', async () => {
    // The first of them over the door, the others as if they had come so.
    await neighbour('POST /v1/schedules', 201, { body: { id: 'first', cron: RARE } })
    await running.platform.runtime.sql`
      insert into schedules
      select address || n, team, id || n, state, version, spec, next_at, fired, missed, recent, created_at, changed_at
      from schedules, generate_series(2, 1000) as n
      where team = 'other'`
    const { body } = await neighbour<Problem>('POST /v1/schedules', 409, { body: { id: 'more', cron: RARE } })
    expect([body.code, body.detail]).toEqual([
      'schedule.too_many',
      'The team has 1000 schedules, which is the most: remove those that nobody needs',
    ])
    await neighbour('PUT /v1/schedules/more', 409, { body: { cron: RARE } })
    await neighbour('PUT /v1/schedules/first', 200, { body: { cron: RARE } })
    await make('elsewhere')
    await ask('DELETE /v1/schedules/elsewhere', 204)
    await running.platform.runtime.sql`delete from schedules where team = 'other' and id <> 'first'`
    await neighbour('DELETE /v1/schedules/first', 204)
  })

  it('comes in pages', async () => {
    for (const id of ['page-a', 'page-b', 'page-c']) await make(id)
    const first = await ask<{ items: Schedule[]; nextCursor: string }>('GET /v1/schedules?limit=2', 200)
    const { body } = await ask<{ items: Schedule[] }>(`GET /v1/schedules?limit=2&cursor=${first.body.nextCursor}`, 200)
    expect([...first.body.items, ...body.items].map(({ id }) => id)).toEqual(['page-a', 'page-b', 'page-c'])
  })

  it('is paused and resumed, and says so when it is already', async () => {
    await make('restless')
    expect((await ask<Schedule>('POST /v1/schedules/restless/pause', 200)).body).toMatchObject({
      state: 'paused',
      next: [],
    })
    expect((await ask<Problem>('POST /v1/schedules/restless/pause', 409)).body).toMatchObject({
      code: 'event.refused',
      allowedEvents: ['REMOVE', 'RESUME', 'SET', 'TRIGGER'],
    })
    const late = { headers: { 'if-match': '"7"' } }
    for (const word of ['resume', 'trigger'])
      expect((await ask<Problem>(`POST /v1/schedules/restless/${word}`, 412, late)).body.code).toBe(
        'request.precondition_failed',
      )
    const past = { body: { from: '2020-02-01T00:00:00Z', to: '2020-03-31T00:00:00Z' }, ...late }
    expect((await ask<Problem>('POST /v1/schedules/restless/backfill', 412, past)).body.code).toBe(
      'request.precondition_failed',
    )
    const meant = { headers: { 'if-match': '"1"' } }
    expect((await ask<Schedule>('POST /v1/schedules/restless/resume', 200, meant)).body.state).toBe('active')
    // The way that all actors have does the same.
    await ask('POST /v1/actors/schedule/restless/events?wait=10s', 200, { body: { type: 'PAUSE' } })
    expect((await ask<Schedule>('GET /v1/schedules/restless', 200)).body.state).toBe('paused')
    await ask('POST /v1/actors/schedule/restless/events', 409, { body: { type: 'SET', spec: {} } })
  })

  it('is triggered by hand, also while it is paused: an event like any other', async () => {
    await make('doorbell', { type: 'bell.rang', subject: 'door', priority: 80, data: { loud: true } })
    await ask('POST /v1/schedules/doorbell/pause', 200)
    const { body } = await ask<Schedule>('POST /v1/schedules/doorbell/trigger', 200)
    expect(body).toMatchObject({ fired: 1, last: [{ outcome: 'manual' }] })
    const events = await eventually('the event', async () => {
      const found = await ask<Events>('GET /v1/events?type=bell.rang', 200)
      return found.body.items.length > 0 && found.body.items
    })
    expect(events).toMatchObject([
      {
        subject: 'door',
        source: '/schedule/doorbell',
        priority: 80,
        data: { loud: true, schedule: { id: 'doorbell', occasion: 'manual', slot: expect.any(String) } },
      },
    ])
  })

  it('fills in past slots, within bounds', async () => {
    await make('past', { cron: '0 0 * * *' })
    const fill = (from: string, to: string, status: number) =>
      ask<Problem & { slots: number }>('POST /v1/schedules/past/backfill', status, { body: { from, to } })
    expect((await fill('2025-01-01T00:00:00Z', '2025-01-10T00:00:00Z', 202)).body).toEqual({ slots: 10 })
    await eventually('them to be sent', async () => {
      const { body } = await ask<Events>('GET /v1/events?type=schedule.past.fired', 200)
      return body.items.length === 10 && body.items.every(({ data }) => data.schedule.occasion === 'backfill')
    })
    expect((await fill('2022-01-01T00:00:00Z', '2025-01-10T00:00:00Z', 400)).body.detail).toContain(
      'more than 500 slots',
    )
    expect((await fill('2025-01-01T01:00:00Z', '2025-01-01T02:00:00Z', 400)).body.detail).toContain('no slot')
    expect((await fill('2025-01-02T00:00:00Z', '2025-01-01T00:00:00Z', 400)).body.detail).toContain('before "to"')
    expect((await fill('2025-01-01T00:00:00Z', '2999-01-01T00:00:00Z', 400)).body.detail).toContain('in the past')
    expect((await fill('0001-01-01T00:00:00Z', '2025-01-01T00:00:00Z', 400)).body.detail).toContain(
      'last hundred years',
    )
    await ask('POST /v1/schedules/past/pause', 200)
    expect((await fill('2025-01-01T00:00:00Z', '2025-01-10T00:00:00Z', 409)).body.detail).toContain('it is paused')
  })

  it("is one team's own", async () => {
    await make('private', { data: { canary: 'ours' } })
    await neighbour('GET /v1/schedules/private', 404)
    await neighbour('POST /v1/schedules/private/trigger', 404)
    expect((await neighbour<{ items: object[] }>('GET /v1/schedules', 200)).body.items).toEqual([])
    // The same name is another schedule there.
    await neighbour('POST /v1/schedules', 201, { body: { id: 'private', cron: '0 7 * * *' } })
    await neighbour('DELETE /v1/schedules/private', 204)
    expect((await ask<Schedule>('GET /v1/schedules/private', 200)).body.cron).toBe(RARE)
  })

  it('leaves a line in the audit for all that people do to it', async () => {
    await make('watched')
    await ask('PUT /v1/schedules/watched', 200, { body: { cron: '0 0 1 1 *' } })
    for (const action of ['pause', 'resume', 'trigger']) await ask(`POST /v1/schedules/watched/${action}`, 200)
    await ask('DELETE /v1/schedules/watched', 204)
    const { body } = await ask<{ items: { action: string }[] }>('GET /v1/audit?target=watched', 200)
    expect(body.items.map(({ action }) => action).toReversed()).toEqual(
      ['create', 'change', 'pause', 'resume', 'trigger', 'remove'].map((verb) => `schedule.${verb}`),
    )
  })

  it.each([
    [{ cron: '* * * *' }, 'body.cron', 'it has 4 fields'],
    [{ cron: '0 0 30 2 *' }, 'body.cron', 'no such day'],
    [{ cron: '@every 0s' }, 'body.cron', 'not known'],
    [{ timezone: 'Europe/Pari' }, 'body.timezone', 'did you mean "Europe/Paris"?'],
    [{ type: 'xstate.done.actor.approve' }, 'body.type', 'reserved'],
    [{ type: 'not a type' }, 'body.type', 'words joined by dots'],
    [{ data: { schedule: 1 } }, 'body.data', 'the platform’s'],
    [{ data: { text: 'x'.repeat(20_000) } }, 'body.data', 'at most 16384'],
    [{ catchUp: 'some' }, 'body.catchUp', '"none"|"last"|"all"'],
    [{ maxDelayMs: -1 }, 'body.maxDelayMs', '>=0'],
    [{ jitterMs: 3_600_001 }, 'body.jitterMs', '<=3600000'],
    [{ cron: '*/10 * * * *', jitterMs: 600_000 }, 'body.jitterMs', 'at most 300000'],
    [{ cron: '* * * * * *', catchUp: 'all', maxDelayMs: 86_400_000 }, 'body.maxDelayMs', 'at most 10000000'],
    [{ endAt: '2020-01-01T00:00:00Z' }, 'body.endAt', 'no slot comes before it'],
    [{ startAt: '9998-01-01T00:00:00Z' }, 'body.startAt', 'no slot comes after it'],
    [{ timeZone: 'UTC' }, 'body.timeZone', 'did you mean "timezone"?'],
    [{ id: 'With.Dots' }, 'body.id', 'lower-case letters'],
    [{ cron: '' }, 'body.cron', 'expected 5 fields'],
    [{ cron: '1'.repeat(300) }, 'body.cron', 'at most 200'],
    [{ cron: '0 0 * * 7#6' }, 'body.cron', 'which one of the month it is: 1 to 5'],
    [{ timezone: '' }, 'body.timezone', 'expected the name of a time zone'],
    [{ startAt: 'yesterday' }, 'body.startAt', 'expected a time'],
  ])('that could not be kept is refused, with the place and a remedy: %o', async (wrong, path, remedy) => {
    const { body } = await ask<Problem>('POST /v1/schedules', 400, { body: { id: 'wrong', cron: RARE, ...wrong } })
    expect(body.code).toBe('request.invalid')
    expect(body.problems).toEqual([{ path, message: expect.stringContaining(remedy) }])
    await ask('GET /v1/schedules/wrong', 404)
  })
})

describe('a preview', () => {
  it('tells a rule in words and by its slots, without keeping it', async () => {
    const { body } = await ask<Wire<SlotsView>>('POST /v1/schedules/preview', 200, {
      body: { cron: '0 7 * * MON', timezone: 'Asia/Kolkata' },
    })
    expect(body.words).toBe('At 07:00, only on Monday')
    expect(body.next).toHaveLength(5)
    expect(body.previous).toHaveLength(5)
    const week = 7 * 86_400_000
    const all = [...body.previous.toReversed(), ...body.next].map((slot) => Date.parse(slot))
    expect(all.slice(1).every((slot, n) => slot - (all[n] ?? 0) === week)).toBe(true)
    expect((await ask<Problem>('POST /v1/schedules/preview', 400, { body: { cron: 'x' } })).body.problems).toEqual([
      { path: 'body.cron', message: expect.stringContaining('it has 1 field') },
    ])
  })
})
