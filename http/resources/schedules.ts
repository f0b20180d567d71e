import { z } from 'zod'
import type { ScheduleDraft, ScheduleView } from '../../actors/agents/schedules/schedules-api.ts'
import { type CronRule, cronProblem } from '../../core/cron.ts'
import { EventType } from '../../core/event.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { CatchUp, Schedule, SlotsPreview } from '../views/schedule-views.ts'
import { pageOf } from '../views/view.ts'
import { etagOf, expectedRevision, mustExist } from '../wire/etag.ts'
import { PageQuery, pageResponse, paging } from '../wire/page.ts'
import { noContent, pathOf, shown } from '../wire/reply.ts'
import { Anything, Instant, Text } from '../wire/words.ts'

const tag = 'schedules'
const HOUR_MS = 3_600_000
const MOST_DATA = 16_384

/** One word of an event's type. */
const ScheduleId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'expected lower-case letters, digits and _ - (at most 64)')
const One = z.strictObject({ id: ScheduleId })

const rule = {
  // How long they may be is told here and judged with the rest by `refuseRule`, so that one sentence says what is wrong.
  cron: z
    .string()
    .meta({ examples: ['0 7 * * MON'], minLength: 1, maxLength: 200 })
    .describe('Five fields (minute hour day month weekday) or six (seconds first); L, W, # and names are known'),
  timezone: z
    .string()
    .meta({ minLength: 1, maxLength: 64 })
    .default('UTC')
    .describe('The name of a time zone, as in `Europe/Paris`'),
}

const Data = z
  .record(z.string().min(1).max(128), Anything)
  .refine(
    (data) => !Object.hasOwn(data, 'schedule'),
    'the member "schedule" is the platform’s: it says which slot it is',
  )
  .refine((data) => JSON.stringify(data).length <= MOST_DATA, `expected at most ${MOST_DATA} characters of JSON`)

const wanted = {
  ...rule,
  description: z.string().max(1000).default(''),
  type: EventType.optional().describe('The type of its events. Absent: `schedule.<id>.fired`'),
  subject: Text.max(256).nullable().optional().describe('The subject of its events, for example a device'),
  data: Data.default({}).describe('What its events carry, beside `schedule`'),
  priority: z.int().min(0).max(100).default(50),
  catchUp: CatchUp.default('last'),
  maxDelayMs: z
    .int()
    .min(0)
    .max(7 * 24 * HOUR_MS)
    .default(HOUR_MS)
    .describe('So late a missed slot may be made up for'),
  jitterMs: z.int().min(0).max(HOUR_MS).default(0).describe('Each slot is put off by up to this long'),
  startAt: Instant.nullable().optional().describe('No slot before'),
  endAt: Instant.nullable().optional().describe('No slot after'),
}

const Draft = z.strictObject(wanted).superRefine(refuseRule)
const Wanted = z.strictObject({ id: ScheduleId, ...wanted }).superRefine(refuseRule)
const Rule = z.strictObject(rule).superRefine(refuseRule)

const SUMMARIES = {
  pause: 'Let its slots pass: they are neither sent nor missed',
  resume: 'Let it go on with its next slot',
  trigger: 'Send one event now',
} as const

/** Schedules: events by the clock. */
export function scheduleRoutes({ platform: { schedules } }: Deps): Route[] {
  const answers = { 200: Schedule }
  return [
    route('GET /v1/schedules', {
      tag,
      summary: 'Schedules, with their next and last slots',
      query: z.strictObject({ ...PageQuery, state: z.enum(['active', 'paused', 'ended']).optional() }),
      answers: { 200: pageOf(Schedule) },
      async handle({ by, request, query: { limit, cursor, ...filter } }) {
        return pageResponse(request, await schedules.list(by, { ...paging({ limit, cursor }), ...filter }))
      },
    }),
    route('POST /v1/schedules', {
      tag,
      summary: 'Make a schedule',
      body: Wanted,
      answers: { 201: Schedule },
      async handle({ by, body: { id, ...draft } }) {
        return tagged(await schedules.create(by, id, draftOf(draft)), 201)
      },
    }),
    route('POST /v1/schedules/preview', {
      tag,
      summary: 'A rule in words, and its next and previous slots',
      body: Rule,
      answers: { 200: SlotsPreview },
      handle: async ({ body }) => shown(await schedules.preview(body)),
    }),
    route('GET /v1/schedules/:id', {
      tag,
      summary: 'A schedule',
      params: One,
      answers,
      handle: async ({ by, params }) => tagged(await schedules.get(by, params.id)),
    }),
    route('PUT /v1/schedules/:id', {
      tag,
      summary: 'Make a schedule, or make it anew; `If-Match` names the version that is meant',
      params: One,
      body: Draft,
      answers: { 200: Schedule, 201: Schedule },
      async handle({ by, params, body, request }) {
        const expected = mustExist(request) ? 'any' : expectedRevision(request)
        const { view, created } = await schedules.put(by, params.id, draftOf(body), expected)
        return tagged(view, created ? 201 : 200)
      },
    }),
    route('DELETE /v1/schedules/:id', {
      tag,
      summary: 'Take it away: no event comes of it any more',
      params: One,
      answers: { 204: 'Gone' },
      async handle({ by, params, request }) {
        await schedules.remove(by, params.id, expectedRevision(request))
        return noContent()
      },
    }),
    ...(['pause', 'resume', 'trigger'] as const).map((word) =>
      route(`POST /v1/schedules/:id/${word}`, {
        tag,
        summary: SUMMARIES[word],
        params: One,
        answers,
        handle: async ({ by, params, request }) =>
          tagged(await schedules[word](by, params.id, expectedRevision(request))),
      }),
    ),
    route('POST /v1/schedules/:id/backfill', {
      tag,
      summary: 'Send the events of past slots (at most 500) that have none yet',
      params: One,
      body: z.strictObject({ from: Instant, to: Instant }),
      answers: { 202: z.strictObject({ slots: z.int() }) },
      async handle({ by, params, body, request }) {
        const [from, to] = [new Date(body.from), new Date(body.to)]
        const { slots } = await schedules.backfill(by, params.id, from, to, expectedRevision(request))
        return shown({ slots }, { status: 202 })
      },
    }),
  ]
}

function refuseRule({ cron, timezone }: CronRule, context: z.RefinementCtx): void {
  const problem = cronProblem({ cron, timezone })
  if (problem) context.addIssue({ code: 'custom', path: [problem.place], message: problem.message })
}

function draftOf({ startAt, endAt, ...draft }: z.infer<typeof Draft>): ScheduleDraft {
  return { ...draft, startAt: dateOf(startAt), endAt: dateOf(endAt) }
}

function dateOf(instant: string | null | undefined): Date | null {
  return instant === null || instant === undefined ? null : new Date(instant)
}

function tagged(schedule: ScheduleView, status = 200): Response {
  const headers = { etag: etagOf(schedule.version) }
  return shown(schedule, {
    status,
    headers: status === 201 ? { ...headers, location: pathOf('schedules', schedule.id) } : headers,
  })
}
