import { Cron } from 'croner'
import cronstrue from 'cronstrue'
import { didYouMean } from './suggest.ts'

/** When something is due: a cron expression read in a time zone. */
export interface CronRule {
  /** Five or six fields (seconds first), or a nickname such as `@daily`. */
  cron: string
  /** A name of the IANA database, as in `Europe/Paris`. */
  timezone: string
}

/** The instants of a rule, in milliseconds since the epoch; whole seconds. */
export interface Slots {
  /** The first one after `at`; null: none is ever to come. */
  next(at: number): number | null
  /** The `count` first ones after `at`, in order. */
  following(at: number, count: number): number[]
  /** The `count` last ones before `at`, the latest first. */
  preceding(at: number, count: number): number[]
}

export interface CronProblem {
  place: 'cron' | 'timezone'
  message: string
}

const LONGEST = 200
const EXPECTED =
  'expected 5 fields (minute hour day month weekday) or 6 (seconds first), for example "0 7 * * MON", or a nickname such as @daily'
const FIELDS = /^[0-9A-Za-z*?,/#-]+( [0-9A-Za-z*?,/#-]+){4,5}$/
const NICKNAME = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/i
const ZONE = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/
/** A leap day and a whole round of weekdays lie behind it: what has no slot after this has none ever. */
const LONG_AGO = Date.UTC(2000, 0, 1)

/**
 * The instants of a rule. Pure: the same rule, time and tables of zones always give the same ones. A time of day that the
 * clock leaps over is due at the first moment after the gap; one that it shows twice is due the first time. Rules with a
 * wildcard or a step in seconds, minutes or hours follow the clock instead: nothing in the gap, and each time that is shown
 * twice is due twice. Throws for a rule that `cronProblem` objects to.
 */
export function slotsOf({ cron, timezone }: CronRule): Slots {
  const job = new Cron(spaced(cron), { timezone, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' })
  return {
    next: (at) => job.nextRun(new Date(at))?.getTime() ?? null,
    following: (at, count) => job.nextRuns(count, new Date(at)).map(Number),
    preceding: (at, count) => job.previousRuns(count, new Date(at)).map(Number),
  }
}

/** What is wrong with a rule, and what would be right; undefined when it can be kept. */
export function cronProblem(rule: CronRule): CronProblem | undefined {
  const cron = spaced(rule.cron)
  if (cron.length > LONGEST) return { place: 'cron', message: `expected at most ${LONGEST} characters` }
  if (!FIELDS.test(cron) && !NICKNAME.test(cron)) return { place: 'cron', message: shapeProblem(cron) }
  const zone = zoneProblem(rule.timezone)
  if (zone !== undefined) return { place: 'timezone', message: zone }
  try {
    if (slotsOf(rule).next(LONG_AGO) !== null) return undefined
    return { place: 'cron', message: 'there is no such day: it would never be due' }
  } catch (error) {
    return { place: 'cron', message: reasonOf(error) }
  }
}

/** The rule in words, on a 24 hour clock: `At 07:00, only on Monday`. One that there are no words for stays as it is. */
export function inWords(cron: string): string {
  const rule = spaced(cron)
  // The library that writes knows fewer ways to say the same than the one that reads.
  const plain = NICKNAME.test(rule) ? rule.toLowerCase() : rule.replaceAll('?', '*').replaceAll(/#L\b/gi, 'L')
  try {
    return cronstrue.toString(plain, { use24HourTimeFormat: true })
  } catch {
    return rule
  }
}

function spaced(cron: string): string {
  return cron.trim().replaceAll(/\s+/g, ' ')
}

function shapeProblem(cron: string): string {
  if (cron === '') return EXPECTED
  if (cron.startsWith('@')) return `${cron.slice(0, 40)} is not known: ${EXPECTED}`
  const count = cron.split(' ').length
  return count === 5 || count === 6
    ? `only digits, names and * ? , / # - may stand in a field: ${EXPECTED}`
    : `it has ${count} ${count === 1 ? 'field' : 'fields'}: ${EXPECTED}`
}

function zoneProblem(zone: string): string | undefined {
  try {
    if (ZONE.test(zone) && zone.length <= 64) {
      Intl.DateTimeFormat('en', { timeZone: zone })
      return undefined
    }
  } catch {
    // Told below, with what was meant.
  }
  const meant = zone.length > 64 ? '' : didYouMean(zone, Intl.supportedValuesOf('timeZone'))
  return `expected the name of a time zone, for example Europe/Paris or UTC${meant}`
}

const RANGES: Readonly<Record<string, string>> = {
  second: 'seconds go from 0 to 59',
  minute: 'minutes go from 0 to 59',
  hour: 'hours go from 0 to 23',
  day: 'days go from 1 to 31',
  month: 'months go from 1 to 12, or JAN to DEC',
  dayOfWeek: 'weekdays go from 0 (Sunday) to 7 (Sunday), or SUN to SAT',
}

/** What the library objects to, by a part of its sentence, and what we say instead; the first that fits. */
const OBJECTIONS: readonly (readonly [RegExp, string])[] = [
  [/nearest ?weekday|\bW\b/i, 'W stands behind one day of the month, as in 15W'],
  [/\bnth|#/, 'behind a weekday and # comes which one of the month it is: 1 to 5, or L for the last'],
  [/step/, 'a step stands behind * or a range and is at least 1 and no larger than the field: */5 or 0-30/5'],
  [/range|From value/, 'a range goes from the smaller to the larger value, as in 1-5'],
  [
    /\bL\b/,
    'L, the last day, stands alone in the field of the day; behind a weekday it is its last of the month, as in 5L',
  ],
]

/** In our words: the library's name its own classes and types, and it counts days and months from 0. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const field = /CronPattern: (?:Invalid value for )?(\w+)/.exec(text)?.[1]
  const known = RANGES[field ?? ''] ?? OBJECTIONS.find(([part]) => part.test(text))?.[1]
  return known ?? `a field is not understood: ${EXPECTED}`
}
