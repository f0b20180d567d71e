import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cronProblem, inWords, slotsOf } from '../../core/cron.ts'

const at = (text: string): number => Date.parse(text)
const iso = (slots: readonly number[]): string[] => slots.map((slot) => new Date(slot).toISOString())
const following = (cron: string, timezone: string, from: string, count: number): string[] =>
  iso(slotsOf({ cron, timezone }).following(at(from), count))

const ZONES = ['UTC', 'Europe/Paris', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']

describe('slots', () => {
  it.each([
    // A week has a Monday of its own in each zone.
    ['0 7 * * MON', 'UTC', '2026-11-20T00:00Z', ['2026-11-23T07:00:00.000Z', '2026-11-30T07:00:00.000Z']],
    ['0 7 * * MON', 'Europe/Paris', '2026-11-20T00:00Z', ['2026-11-23T06:00:00.000Z', '2026-11-30T06:00:00.000Z']],
    ['0 7 * * 1', 'America/New_York', '2026-11-20T00:00Z', ['2026-11-23T12:00:00.000Z', '2026-11-30T12:00:00.000Z']],
    ['0 7 * * 1', 'Asia/Kolkata', '2026-11-20T00:00Z', ['2026-11-23T01:30:00.000Z', '2026-11-30T01:30:00.000Z']],
    // Monday there begins on Sunday here.
    ['0 7 * * 1', 'Australia/Lord_Howe', '2026-11-20T00:00Z', ['2026-11-22T20:00:00.000Z', '2026-11-29T20:00:00.000Z']],
    // The clock leaps from 2 to 3: what would be due in between is due at 3, once.
    ['30 2 * * *', 'Europe/Paris', '2026-03-28T12:00Z', ['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z']],
    ['30 2 * * *', 'America/New_York', '2026-03-07T12:00Z', ['2026-03-08T07:00:00.000Z', '2026-03-09T06:30:00.000Z']],
    // Half an hour is leapt over there.
    [
      '15 2 * * *',
      'Australia/Lord_Howe',
      '2026-10-03T00:00Z',
      ['2026-10-03T15:30:00.000Z', '2026-10-04T15:15:00.000Z'],
    ],
    // The clock shows 2:30 twice: due the first time.
    ['30 2 * * *', 'Europe/Paris', '2026-10-24T12:00Z', ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']],
    ['30 1 * * *', 'America/New_York', '2026-10-31T12:00Z', ['2026-11-01T05:30:00.000Z', '2026-11-02T06:30:00.000Z']],
    // A list of times is a list of times.
    ['30 2,14 * * *', 'Europe/Paris', '2026-10-24T22:00Z', ['2026-10-25T00:30:00.000Z', '2026-10-25T13:30:00.000Z']],
    // Every half hour is every half hour, whatever the clock shows.
    ['*/30 * * * *', 'Europe/Paris', '2026-03-29T00:30Z', ['2026-03-29T01:00:00.000Z', '2026-03-29T01:30:00.000Z']],
    [
      '30 * * * *',
      'Europe/Paris',
      '2026-10-24T23:40Z',
      ['2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z', '2026-10-25T02:30:00.000Z'],
    ],
    ['0 0 29 2 *', 'UTC', '2026-01-01T00:00Z', ['2028-02-29T00:00:00.000Z', '2032-02-29T00:00:00.000Z']],
    // 2100 is no leap year.
    ['0 0 29 2 *', 'UTC', '2096-03-01T00:00Z', ['2104-02-29T00:00:00.000Z']],
    ['0 0 31 * *', 'UTC', '2026-01-31T12:00Z', ['2026-03-31T00:00:00.000Z', '2026-05-31T00:00:00.000Z']],
    ['0 0 L * *', 'UTC', '2026-01-31T12:00Z', ['2026-02-28T00:00:00.000Z', '2026-03-31T00:00:00.000Z']],
    ['0 9 LW * *', 'UTC', '2026-01-01T00:00Z', ['2026-01-30T09:00:00.000Z', '2026-02-27T09:00:00.000Z']],
    ['0 9 15W * *', 'UTC', '2026-08-01T00:00Z', ['2026-08-14T09:00:00.000Z', '2026-09-15T09:00:00.000Z']],
    ['0 9 * * FRI#2', 'UTC', '2026-01-01T00:00Z', ['2026-01-09T09:00:00.000Z', '2026-02-13T09:00:00.000Z']],
    // The seconds of 32 bits end in between.
    ['14,44 3 19 1 *', 'UTC', '2038-01-19T03:00Z', ['2038-01-19T03:14:00.000Z', '2038-01-19T03:44:00.000Z']],
    ['*/4 14 3 19 1 *', 'UTC', '2038-01-19T03:14:04Z', ['2038-01-19T03:14:08.000Z']],
    ['59 59 23 31 12 *', 'UTC', '2026-01-01T00:00Z', ['2026-12-31T23:59:59.000Z', '2027-12-31T23:59:59.000Z']],
    // Either day counts when both are named, as in every cron.
    ['0 0 13 * FRI', 'UTC', '2026-02-07T00:00Z', ['2026-02-13T00:00:00.000Z', '2026-02-20T00:00:00.000Z']],
    ['@daily', 'Asia/Kolkata', '2026-01-01T00:00Z', ['2026-01-01T18:30:00.000Z']],
  ])('of %s in %s after %s', (cron, timezone, from, expected) => {
    expect(following(cron, timezone, from, expected.length)).toEqual(expected)
  })

  const zone = fc.constantFrom(...ZONES)
  const minute = fc.oneof(fc.constant('*'), fc.constant('*/7'), fc.integer({ min: 0, max: 59 }).map(String))
  const hour = fc.oneof(fc.constant('*'), fc.constant('1-3'), fc.integer({ min: 0, max: 23 }).map(String))
  const day = fc.constantFrom('*', '*', 'L', '31', '1,15', '15W')
  const weekday = fc.constantFrom('*', '*', 'MON', '1-5', 'FRI#2')
  const rule = fc
    .tuple(minute, hour, day, weekday, zone)
    .map(([m, h, d, w, timezone]) => ({ cron: `${m} ${h} ${d} * ${w}`, timezone }))
  const moment = fc.integer({ min: at('2020-01-01T00:00Z'), max: at('2045-01-01T00:00Z') })

  it('only ever go up, one by one or all at once, and back the same way', () => {
    fc.assert(
      fc.property(rule, moment, (one, from) => {
        const slots = slotsOf(one)
        const ahead = slots.following(from, 6)
        expect(ahead).toHaveLength(6)
        let last = from
        for (const slot of ahead) {
          expect(slot).toBeGreaterThan(last)
          expect(slots.next(last)).toBe(slot)
          expect(slots.next(slot - 1)).toBe(slot)
          last = slot
        }
        expect(slots.preceding(last + 1, 6)).toEqual(ahead.toReversed())
      }),
      { numRuns: 200 },
    )
  })

  it('of a time of day show that time on a clock of the zone, or the end of the gap that swallowed it', () => {
    const time = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    fc.assert(
      fc.property(time, zone, moment, ([h, m], timezone, from) => {
        for (const slot of slotsOf({ cron: `${m} ${h} * * *`, timezone }).following(from, 5)) {
          const wanted = h * 60 + m
          const shown = minutesShown(slot, timezone)
          if (shown !== wanted) {
            expect(shown).toBeGreaterThan(wanted)
            // A moment before, the clock showed less than was wanted: the wanted time was never shown.
            expect(minutesShown(slot - 60_000, timezone)).toBeLessThan(wanted)
          }
        }
      }),
      { numRuns: 200 },
    )
  })
})

function minutesShown(instant: number, timeZone: string): number {
  const parts = Intl.DateTimeFormat('en', { timeZone, hour: 'numeric', minute: 'numeric', hourCycle: 'h23' })
    .formatToParts(instant)
    .map(({ type, value }) => [type, Number(value)] as const)
  const { hour = 0, minute = 0 } = Object.fromEntries(parts) as { hour?: number; minute?: number }
  return hour * 60 + minute
}

describe('a rule that cannot be kept', () => {
  it.each([
    ['', 'expected 5 fields'],
    ['* * * *', 'it has 4 fields'],
    ['* * * * * * *', 'it has 7 fields'],
    ['0 0 1 1 * 2030 *', 'it has 7 fields'],
    ['@every 0s', '@every 0s is not known'],
    ['@every 5m', 'is not known'],
    ['@reboot', '@reboot is not known'],
    ['H H * * *', 'a field is not understood'],
    ['60 * * * *', 'minutes go from 0 to 59'],
    ['* 24 * * *', 'hours go from 0 to 23'],
    ['* * 0 * *', 'days go from 1'],
    ['* * 32 * *', 'days go from 1 to 31'],
    ['* * * 13 *', 'months go from 1 to 12'],
    ['* * * * 8', 'weekdays go from 0'],
    ['0 0 1 1 2030', 'weekdays go from 0'],
    ['-1 * * * *', ''],
    ['*/0 * * * *', 'a step stands behind'],
    ['*/-5 * * * *', ''],
    ['*/61 * * * *', ''],
    ['5-1 * * * *', 'from the smaller to the larger'],
    ['1.5 * * * *', 'only digits'],
    ['0 0 * * 7#6', 'which one of the month it is: 1 to 5, or L'],
    ['0 0 1-W * *', 'W stands behind one day'],
    ['0 0 L-3 * *', 'stands alone'],
    ['0 0 * FOO *', 'a field is not understood: expected 5 fields'],
    ['1,,2 * * * *', ''],
    ['0x10 * * * *', ''],
    ['٣ * * * *', 'only digits'],
    ['* * * * *; drop table schedules', ''],
    ['0 0 30 2 *', 'there is no such day'],
    ['0 0 30 FEB *', 'there is no such day'],
    ['0 0 31 4,6,9,11 *', 'there is no such day'],
    ['2026-01-01T00:00:00', 'it has 1 field:'],
    [Array(1000).fill('* * * * * *').join(' '), 'at most 200'],
    [`${Array(300).fill('1').join(',')} * * * *`, 'at most 200'],
  ])('says of "%.30s" what is wrong with it', (cron, message) => {
    expect(cronProblem({ cron, timezone: 'UTC' })).toEqual({ place: 'cron', message: expect.stringContaining(message) })
  })

  it.each([
    ['Mars/Phobos', ''],
    ['', ''],
    ['+02:00', ''],
    ['Europe/Pari', '(did you mean "Europe/Paris"?)'],
    ['../../etc/passwd', ''],
    ['localtime', ''],
    ['U'.repeat(10_000), ''],
  ])('says of zone "%.20s" what is wrong with it', (timezone, message) => {
    expect(cronProblem({ cron: '0 7 * * *', timezone })).toEqual({
      place: 'timezone',
      message: expect.stringContaining(message),
    })
  })

  it('says it in our words, whatever the text: never in those of the library about its own types', () => {
    const field = fc.stringMatching(/^[0-9*,/LW#?A-Z-]{1,6}$/)
    fc.assert(
      fc.property(fc.array(field, { minLength: 5, maxLength: 6 }), (fields) => {
        const { message = '' } = cronProblem({ cron: fields.join(' '), timezone: 'UTC' }) ?? {}
        expect(message).not.toMatch(/Type:|Syntax error|dayOfWeek|nearest|configuration|is not a number/)
      }),
    )
  })

  it('is the only kind that has no slots: any text is one or the other', () => {
    const field = fc.stringMatching(/^[0-9*,/LW#?A-Z-]{1,6}$/)
    const text = fc.oneof(
      fc.string(),
      fc.array(field, { minLength: 4, maxLength: 7 }).map((parts) => parts.join(' ')),
    )
    fc.assert(
      fc.property(text, (cron) => {
        const rule = { cron, timezone: 'Europe/Paris' }
        const next = cronProblem(rule) === undefined ? slotsOf(rule).next(Date.UTC(2026, 0, 1)) : 0
        expect(next).not.toBeNull()
      }),
      { numRuns: 500 },
    )
  })
})

describe('a rule in words', () => {
  it.each([
    ['0 7 * * MON', 'At 07:00, only on Monday'],
    ['  0   7 * * 1  ', 'At 07:00, only on Monday'],
    ['*/15 9-17 * * 1-5', 'Every 15 minutes, between 09:00 and 17:59, Monday through Friday'],
    ['0 0 L * *', 'At 00:00, on the last day of the month'],
    ['*/10 * * * * *', 'Every 10 seconds'],
    ['@DAILY', 'At 00:00'],
    ['0 7 ? * MON', 'At 07:00, only on Monday'],
    ['0 0 * * FRI#L', 'At 00:00, on the last Friday of the month'],
    // What nobody has words for stays as it is written.
    [' 0 0  5,15W * *', '0 0 5,15W * *'],
  ])('%s: %s', (cron, words) => {
    expect(cronProblem({ cron, timezone: 'UTC' })).toBeUndefined()
    expect(inWords(cron)).toBe(words)
  })
})
