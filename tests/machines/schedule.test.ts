import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { slotsOf } from '../../core/cron.ts'
import { schedule } from '../../machines/schedule.ts'
import type { CatchUp, ScheduleSpec } from '../../machines/schedule-protocol.ts'
import { dueAt, EVENTS_A_TURN } from '../../machines/schedule-slots.ts'
import { type Asked, Simulation } from './simulation.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const START = Date.UTC(2026, 10, 20, 12)

type Schedule = Simulation<typeof schedule>

const spec = (over: Partial<ScheduleSpec> = {}): ScheduleSpec => ({
  description: '',
  cron: '* * * * *',
  timezone: 'UTC',
  type: 'schedule.tick.fired',
  subject: null,
  data: {},
  priority: 50,
  catchUp: 'last',
  maxDelayMs: HOUR,
  jitterMs: 0,
  startAt: null,
  endAt: null,
  ...over,
})

function made(over: Partial<ScheduleSpec> = {}, now = START): Schedule {
  const actor = new Simulation(schedule, { id: 'tick' }, now)
  actor.send({ type: 'SET', spec: spec(over) })
  return actor
}

/** The platform is down: time passes, and no timer fires until it is over. */
function sleep(actor: Schedule, ms: number): Asked {
  actor.now += ms
  return actor.advance(0)
}

interface Told {
  slot: string
  occasion: string
}

const told = ({ emitted }: Asked): Told[] =>
  emitted.filter(({ type }) => !type.endsWith('.missed')).map(({ data }) => (data as { schedule: Told }).schedule)
const slots = (asked: Asked): number[] => told(asked).map(({ slot }) => Date.parse(slot))
const outages = ({ emitted }: Asked): unknown[] =>
  emitted
    .filter(({ type }) => type === 'schedule.tick.missed')
    .map(({ data }) => (data as { schedule: object }).schedule)

describe('a schedule', () => {
  it('sends one event a slot, with what it was told to say', () => {
    const actor = made({ cron: '0 7 * * MON', timezone: 'Europe/Paris', subject: 'stb-1', data: { suite: 'smoke' } })
    expect(actor.value).toBe('active')
    const asked = actor.advance(14 * DAY)
    expect(asked.emitted).toEqual([
      {
        type: 'schedule.tick.fired',
        subject: 'stb-1',
        data: { suite: 'smoke', schedule: { id: 'tick', slot: '2026-11-23T06:00:00.000Z', occasion: 'slot' } },
        priority: 50,
        once: '2026-11-23T06:00:00.000Z',
      },
      expect.objectContaining({ once: '2026-11-30T06:00:00.000Z' }),
    ])
    expect(actor.context).toMatchObject({ fired: 2, missed: 0 })
    expect(Object.keys(actor.due)).toHaveLength(1)
  })

  it('fires when its preview says so, whatever the rule and the zone', () => {
    const rule = fc.record({
      cron: fc.constantFrom(
        '*/7 * * * *',
        '30 2 * * *',
        '0 */6 L * *',
        '*/20 30 1-2 * * *',
        '15 2,3 * * 6,0',
        '@hourly',
      ),
      timezone: fc.constantFrom('UTC', 'Europe/Paris', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'),
    })
    // Around the days on which clocks change, too.
    const from = fc.constantFrom('2026-03-28', '2026-10-24', '2026-10-03', '2026-11-01', '2026-02-27', '2028-02-28')
    fc.assert(
      fc.property(rule, from, fc.integer({ min: 0, max: DAY }), (one, day, offset) => {
        const now = Date.parse(day) + offset
        const preview = slotsOf(one).following(now, 20)
        const actor = made(one, now)
        const asked = actor.advance((preview.at(-1) ?? 0) - now)
        expect(slots(asked)).toEqual(preview)
      }),
      { numRuns: 60 },
    )
  })

  it('waits no further than its timer, and lets one that comes early pass', () => {
    const actor = made()
    const [id, due] = Object.entries(actor.due)[0] ?? ['', 0]
    expect(due).toBe(START + MINUTE)
    actor.now = due - 5
    // The turn judges by another clock than the timer: nothing is due yet.
    const early = actor.send({ type: id } as never)
    expect(early.emitted).toEqual([])
    expect(slots(actor.advance(5))).toEqual([due])
  })

  it('puts each slot off by its jitter, always by the same', () => {
    const actor = made({ cron: '0 * * * *', jitterMs: 20 * MINUTE })
    const other = made({ cron: '0 * * * *', jitterMs: 20 * MINUTE })
    const sent: number[] = []
    for (let hour = 0; hour < 12; hour++) {
      const [due = 0] = Object.values(actor.due)
      const asked = actor.advance(due - actor.now)
      expect(told(asked)).toHaveLength(1)
      expect(Object.values(other.due)).toEqual([due])
      other.advance(due - other.now)
      sent.push(due - (slots(asked)[0] ?? 0))
    }
    for (const late of sent) expect(late).toBeLessThanOrEqual(20 * MINUTE)
    expect(new Set(sent).size).toBeGreaterThan(6)
    expect(dueAt({ id: 'tick', spec: spec({ jitterMs: 0 }) }, START)).toBe(START)
  })

  it('keeps to its beginning and its end, and has ended after it', () => {
    const actor = made({ startAt: START + HOUR, endAt: START + HOUR + 2 * MINUTE })
    expect(slots(actor.advance(DAY))).toEqual([START + HOUR, START + HOUR + MINUTE, START + HOUR + 2 * MINUTE])
    expect(actor.value).toBe('ended')
    expect(actor.due).toEqual({})
    expect(actor.handles({ type: 'BACKFILL', from: START, to: actor.now })).toBe(false)
    actor.send({ type: 'SET', spec: spec() })
    expect(actor.value).toBe('active')
    expect(slots(actor.advance(MINUTE))).toEqual([actor.now])
  })

  it('goes on where it was when only what it says changes, and anew when its rule does', () => {
    const actor = made()
    actor.advance(30 * SECOND)
    actor.send({ type: 'SET', spec: spec({ data: { now: 'this' } }) })
    expect(actor.advance(30 * SECOND).emitted).toMatchObject([{ data: { now: 'this' } }])
    actor.send({ type: 'SET', spec: spec({ cron: '*/10 * * * *' }) })
    expect(actor.context.version).toBe(3)
    expect(slots(actor.advance(10 * MINUTE))).toEqual([START + 10 * MINUTE])
  })

  it('takes a change only of the version that is meant', () => {
    const actor = made()
    expect(actor.handles({ type: 'SET', spec: spec(), expected: 2 })).toBe(false)
    expect(actor.handles({ type: 'SET', spec: spec(), expected: null })).toBe(false)
    expect(actor.handles({ type: 'REMOVE', expected: 2 })).toBe(false)
    expect(actor.handles({ type: 'SET', spec: spec(), expected: 1 })).toBe(true)
  })

  it.each([
    { cron: '0 0 30 2 *' },
    { timezone: 'Mars/Phobos' },
    { type: 'xstate.done.actor.approve' },
    { type: '' },
    { type: '*' },
  ])('keeps out what could not be kept: %o', (over) => {
    const actor = made()
    expect(actor.handles({ type: 'SET', spec: spec(over) })).toBe(false)
  })

  it('never sends a slot twice, also when it is removed and made again, or the clock is set back', () => {
    const actor = made()
    const first = slots(actor.advance(5 * MINUTE))
    actor.send({ type: 'REMOVE' })
    expect(actor.context.spec).toBeNull()
    expect(actor.due).toEqual({})
    expect(actor.advance(HOUR).emitted).toEqual([])
    actor.now = START
    actor.send({ type: 'SET', spec: spec(), expected: null })
    const again = slots(actor.advance(10 * MINUTE))
    expect(again.filter((slot) => first.includes(slot))).toEqual([])
    expect(actor.context).toMatchObject({ fired: again.length, version: 2 })
  })
})

describe('a pause', () => {
  it('lets slots pass, which are not missed, and can be triggered by hand', () => {
    const actor = made()
    actor.advance(MINUTE)
    actor.send({ type: 'PAUSE' })
    expect(actor.due).toEqual({})
    expect(actor.advance(3 * HOUR).emitted).toEqual([])
    expect(told(actor.send({ type: 'TRIGGER' }))).toEqual([
      { id: 'tick', slot: new Date(actor.now).toISOString(), occasion: 'manual' },
    ])
    actor.send({ type: 'RESUME' })
    const asked = actor.advance(MINUTE)
    expect(slots(asked)).toEqual([actor.now])
    expect(actor.context).toMatchObject({ missed: 0, fired: 3 })
  })

  it('stands while what it says is changed', () => {
    const actor = made()
    actor.send({ type: 'PAUSE' })
    actor.send({ type: 'SET', spec: spec({ cron: '*/5 * * * *' }) })
    expect(actor.value).toBe('paused')
    expect(actor.advance(HOUR).emitted).toEqual([])
  })
})

describe('an event by hand', () => {
  it('has no slot of its own: two of them are two', () => {
    const actor = made({ cron: '0 0 1 1 *' })
    const asked = [actor.send({ type: 'TRIGGER' }), actor.send({ type: 'TRIGGER' })]
    for (const one of asked) expect(one.emitted[0]).not.toHaveProperty('once')
    expect(actor.context.fired).toBe(2)
    // The timer of its slot stands.
    expect(Object.values(actor.due)).toEqual([Date.UTC(2027, 0, 1)])
  })
})

describe('slots that nobody was there for', () => {
  const PAST = 2 * HOUR
  /** Asleep for two hours with a slot a second: 7,200 are missed, but for the one that is in time. */
  function overslept(catchUp: CatchUp) {
    const actor = made({ cron: '* * * * * *', catchUp, maxDelayMs: PAST + 10 * MINUTE })
    const asked = sleep(actor, PAST + 500)
    return { actor, asked }
  }

  it('are counted and told of, and left, if so told', () => {
    const { actor, asked } = overslept('none')
    // A slot is in time until the next one is due.
    expect(told(asked)).toEqual([
      expect.objectContaining({ slot: new Date(START + PAST).toISOString(), occasion: 'slot' }),
    ])
    expect(outages(asked)).toEqual([
      {
        id: 'tick',
        from: new Date(START + SECOND).toISOString(),
        to: new Date(START + PAST - SECOND).toISOString(),
        missed: 7_199,
        caughtUp: 0,
        uncounted: false,
      },
    ])
    expect(actor.context).toMatchObject({ missed: 7_199, fired: 1, outage: null })
    expect(slots(actor.advance(SECOND))).toHaveLength(1)
  })

  it('are made up for by the last one, if that is wanted and none is in time', () => {
    const { asked } = overslept('last')
    expect(told(asked).map(({ occasion }) => occasion)).toEqual(['slot'])

    const nightly = made({ cron: '0 3 * * *', catchUp: 'last', maxDelayMs: 12 * HOUR })
    const late = sleep(nightly, 3 * DAY)
    expect(told(late)).toEqual([{ id: 'tick', slot: '2026-11-23T03:00:00.000Z', occasion: 'catch-up' }])
    expect(outages(late)).toMatchObject([{ missed: 3, caughtUp: 1 }])
    expect(nightly.context.recent.map(({ outcome }) => outcome)).toEqual(['catch-up', 'missed', 'missed'])
  })

  it('are all made up for, in order, a hundred a turn, if that is wanted', () => {
    const actor = made({ cron: '* * * * * *', catchUp: 'all', maxDelayMs: PAST + 10 * MINUTE })
    const timers = actor.due
    const [[id, due] = ['', 0]] = Object.entries(timers)
    expect(due).toBe(START + SECOND)
    actor.now += PAST + 500
    const first = actor.send({ type: id } as never)
    expect(first.emitted).toHaveLength(EVENTS_A_TURN)
    // The rest is for the next turns, at once.
    expect(Object.values(actor.due)).toEqual([actor.now])
    const asked = actor.advance(0)
    const all = [...slots(first), ...slots(asked)]
    expect(all).toEqual(Array.from({ length: 7_200 }, (_, n) => START + (n + 1) * SECOND))
    expect(new Set([...first.emitted, ...asked.emitted].map(({ once }) => once)).size).toBe(7_201)
    expect(outages(asked)).toMatchObject([{ missed: 7_199, caughtUp: 7_199 }])
  })

  it('are not made up for when they are too old', () => {
    const actor = made({ cron: '0 * * * *', catchUp: 'all', maxDelayMs: 3 * HOUR })
    const asked = sleep(actor, DAY + 30 * MINUTE)
    expect(told(asked).map(({ occasion }) => occasion)).toEqual(['catch-up', 'catch-up', 'catch-up'])
    expect(actor.context).toMatchObject({ missed: 24, fired: 3 })
    const last = made({ cron: '0 3 * * *', catchUp: 'last', maxDelayMs: HOUR })
    expect(told(sleep(last, DAY))).toEqual([])
  })

  it('are counted up to a bound, and it says so', () => {
    for (const catchUp of ['none', 'last', 'all'] as const) {
      const actor = made({ cron: '* * * * * *', catchUp, maxDelayMs: MINUTE })
      const asked = sleep(actor, 30 * DAY)
      expect(outages(asked)).toMatchObject([{ uncounted: true }])
      expect(actor.context.missed).toBeGreaterThanOrEqual(10_000)
      expect(actor.context.missed).toBeLessThan(10_100)
      expect(told(asked)).toHaveLength(catchUp === 'all' ? 61 : 1)
      expect(slots(asked).at(-1)).toBe(actor.now)
    }
  })

  it('are dropped by a pause', () => {
    const actor = made({ cron: '* * * * * *', catchUp: 'all', maxDelayMs: PAST + 10 * MINUTE })
    const [[id] = ['']] = Object.entries(actor.due)
    actor.now += PAST
    actor.send({ type: id } as never)
    actor.send({ type: 'PAUSE' })
    expect(actor.advance(HOUR).emitted).toEqual([])
    actor.send({ type: 'RESUME' })
    expect(slots(actor.advance(SECOND))).toEqual([actor.now])
  })

  it('or not: every slot since the beginning is sent, missed or still to come, exactly once', () => {
    const nap = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 3 * HOUR }))
    const policy = fc.constantFrom<CatchUp>('none', 'last', 'all')
    fc.assert(
      fc.property(
        policy,
        fc.array(nap, { maxLength: 8 }),
        fc.constantFrom(0, 90 * SECOND),
        (catchUp, naps, jitterMs) => {
          const actor = made({ cron: '*/3 * * * *', catchUp, jitterMs, maxDelayMs: 4 * HOUR })
          for (const [asleep, ms] of naps) {
            if (asleep) sleep(actor, ms)
            else actor.advance(ms)
          }
          const sent = slots(actor.asked)
          const { through, missed, fired } = actor.context
          const passed = slotsOf(spec({ cron: '*/3 * * * *' }))
            .following(START, 500)
            .filter((slot) => slot <= through)
          expect(new Set(sent).size).toBe(sent.length)
          expect(sent).toEqual(sent.toSorted((a, b) => a - b))
          expect(sent.every((slot) => passed.includes(slot))).toBe(true)
          expect(sent).toHaveLength(fired)
          const caughtUp = told(actor.asked).filter(({ occasion }) => occasion === 'catch-up').length
          expect(fired - caughtUp + missed).toBe(passed.length)
          if (catchUp === 'all') expect(sent).toEqual(passed)
          if (catchUp === 'none') expect(caughtUp).toBe(0)
        },
      ),
      { numRuns: 40 },
    )
  })
})

describe('a backfill', () => {
  it('sends the slots between two times under the names that they would have had', () => {
    const actor = made({ cron: '0 * * * *' })
    actor.send({ type: 'BACKFILL', from: START - 5 * HOUR, to: START - 3 * HOUR })
    const asked = actor.advance(0)
    expect(told(asked).map(({ slot, occasion }) => [slot, occasion])).toEqual([
      ['2026-11-20T07:00:00.000Z', 'backfill'],
      ['2026-11-20T08:00:00.000Z', 'backfill'],
      ['2026-11-20T09:00:00.000Z', 'backfill'],
    ])
    expect(asked.emitted.map(({ once }) => once)).toEqual(told(asked).map(({ slot }) => slot))
    expect(slots(actor.advance(HOUR))).toEqual([START + HOUR])
  })

  it('of many takes several turns, and lets no slot wait', () => {
    const actor = made({ cron: '* * * * *' })
    actor.send({ type: 'BACKFILL', from: START - 499 * MINUTE, to: START })
    const asked = actor.advance(0)
    expect(slots(asked)).toEqual(Array.from({ length: 500 }, (_, n) => START - (499 - n) * MINUTE))
    expect(slots(actor.advance(MINUTE))).toEqual([START + MINUTE])
  })

  it('goes on when the schedule is changed and its rule stays, and ends with another rule or a pause', () => {
    const filled = (change: (actor: Schedule) => void): number => {
      const actor = made({ cron: '0 * * * *' })
      actor.send({ type: 'BACKFILL', from: START - 5 * HOUR, to: START - 3 * HOUR })
      change(actor)
      return told(actor.advance(0)).length
    }
    const set = (over: Partial<ScheduleSpec>) => (actor: Schedule) => {
      actor.send({ type: 'SET', spec: spec(over) })
    }
    expect(filled(set({ cron: '0 * * * *', description: 'another' }))).toBe(3)
    expect(filled(set({ cron: '30 * * * *' }))).toBe(0)
    const pause = (actor: Schedule): void => {
      actor.send({ type: 'PAUSE' })
      actor.send({ type: 'RESUME' })
    }
    expect(filled(pause)).toBe(0)
  })

  it('is refused when it is too much, to come, or empty', () => {
    const actor = made({ cron: '* * * * *' })
    expect(actor.handles({ type: 'BACKFILL', from: START - 500 * MINUTE, to: START })).toBe(false)
    expect(actor.handles({ type: 'BACKFILL', from: START, to: START + HOUR })).toBe(false)
    expect(actor.handles({ type: 'BACKFILL', from: START - 20 * SECOND, to: START - 10 * SECOND })).toBe(false)
    expect(actor.handles({ type: 'BACKFILL', from: START - HOUR, to: START })).toBe(true)
  })
})
