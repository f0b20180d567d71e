import { type Address, address, teamKey } from '../../../core/address.ts'
import { inWords, slotsOf } from '../../../core/cron.ts'
import { AppError } from '../../../core/errors.ts'
import type { MachineEvent } from '../../../core/message.ts'
import type { Principal } from '../../../core/principal.ts'
import { databaseTime } from '../../../db/client.ts'
import { countSchedules, findSchedule, type ListedSchedule, listSchedules } from '../../../db/schedules.ts'
import type { ScheduleSpec } from '../../../machines/schedule-protocol.ts'
import { BACKFILL_LIMIT, countSlots } from '../../../machines/schedule-slots.ts'
import type { Runtime } from '../../runtime.ts'
import { ask } from '../mail/ask.ts'
import type { Audit } from '../records/audit.ts'
import { expectCursor } from '../records/cursor.ts'
import { problem, refuseEnded, refuseEndless, refuseOvertaken } from './schedule-checks.ts'
import { createScheduleViews, dateOf, SHOWN, specIn } from './schedule-views.ts'
import type { ScheduleDraft, SchedulesApi, ScheduleView } from './schedules-api.ts'

const PAGE = 100
/** Schedules of one team: each has a timer, and may be due every second. */
const MOST = 1_000
/** Whoever looks back further would keep the process busy with counting. */
const LONGEST_PAST_MS = 100 * 366 * 24 * 3_600_000

/** Schedules. What is shown comes from the table; what is changed goes through the schedule's own actor. */
export function createSchedules({ runtime, audit }: { runtime: Runtime; audit: Audit }): SchedulesApi {
  const { sql } = runtime
  const viewOf = createScheduleViews()

  async function existing(by: Principal, id: string): Promise<ListedSchedule> {
    const row = await findSchedule(sql, by.team, id)
    if (!row) throw new AppError('schedule.not_found', `There is no schedule ${id}`, { details: { id } })
    return row
  }

  const view = async (by: Principal, id: string): Promise<ScheduleView> => viewOf(await existing(by, id))

  /** The same name is the same actor for ever: one that was removed comes back, and sends no slot twice. */
  async function set(by: Principal, id: string, spec: ScheduleSpec, expected?: number | null): Promise<ScheduleView> {
    refuseEndless(spec)
    refuseOvertaken(spec)
    refuseEnded(spec, (await databaseTime(sql)).getTime())
    const to = await runtime.spawn('schedule', {
      key: teamKey(by.team, id),
      team: by.team,
      input: { id },
      sender: `user/${by.name}`,
    })
    const event = { type: 'SET', spec: { ...spec }, ...(expected === undefined ? {} : { expected }) }
    await ask(runtime, to, event, by)
    return view(by, id)
  }

  async function command(by: Principal, id: string, action: string, event: MachineEvent): Promise<void> {
    await ask(runtime, addressOf(by, id), event, by)
    const { type: _type, ...details } = event
    await audit.append(by, `schedule.${action}`, id, details)
  }

  /** A command to one that is there, and at a version, if one is named. */
  async function meant(
    by: Principal,
    id: string,
    action: string,
    event: MachineEvent,
    expected?: number,
  ): Promise<void> {
    requireVersion(await existing(by, id), id, expected)
    await command(by, id, action, expected === undefined ? event : { ...event, expected })
  }

  async function told(by: Principal, id: string, action: string, type: string, expected?: number) {
    await meant(by, id, action, { type }, expected)
    return view(by, id)
  }

  async function refuseMore({ team }: Principal): Promise<void> {
    if ((await countSchedules(sql, team)) < MOST) return
    const message = `The team has ${MOST} schedules, which is the most: remove those that nobody needs`
    throw new AppError('schedule.too_many', message, { details: { most: MOST } })
  }

  return {
    async list(by, { limit = PAGE, ...filter }) {
      const rows = await listSchedules(sql, by.team, { ...filter, limit })
      await expectCursor(sql, 'schedules', by.team, filter.after)
      return { items: rows.map(viewOf), next: rows.length < limit ? null : (rows.at(-1)?.id ?? null) }
    },

    get: view,

    async preview(rule) {
      const slots = slotsOf(rule)
      const now = (await databaseTime(sql)).getTime()
      const next = slots.following(now, SHOWN).map(dateOf)
      return { words: inWords(rule.cron), next, previous: slots.preceding(now, SHOWN).map(dateOf) }
    },

    async create(by, id, draft) {
      const exists = new AppError('schedule.exists', `There is a schedule ${id} already: PUT changes it`, {
        details: { id },
      })
      if (await findSchedule(sql, by.team, id)) throw exists
      await refuseMore(by)
      const made = await set(by, id, specOf(id, draft), null).catch(instead(exists))
      await audit.append(by, 'schedule.create', id, { cron: made.cron, timezone: made.timezone, type: made.type })
      return made
    },

    async put(by, id, draft, expected) {
      const before = await findSchedule(sql, by.team, id)
      const version = expected === 'any' ? undefined : expected
      if (expected === 'any' && !before) throw moved(id, undefined)
      requireVersion(before, id, version)
      if (!before) await refuseMore(by)
      const made = await set(by, id, specOf(id, draft), version).catch(instead(moved(id, before?.version)))
      const { cron, timezone, type } = made
      await audit.append(by, before ? 'schedule.change' : 'schedule.create', id, { cron, timezone, type })
      return { view: made, created: before === undefined }
    },

    async remove(by, id, expected) {
      await meant(by, id, 'remove', { type: 'REMOVE' }, expected)
    },

    pause: (by, id, expected) => told(by, id, 'pause', 'PAUSE', expected),
    resume: (by, id, expected) => told(by, id, 'resume', 'RESUME', expected),
    trigger: (by, id, expected) => told(by, id, 'trigger', 'TRIGGER', expected),

    async backfill(by, id, from, to, expected) {
      const before = await existing(by, id)
      requireVersion(before, id, expected)
      const spec = specIn(before)
      const now = await databaseTime(sql)
      if (from.getTime() < now.getTime() - LONGEST_PAST_MS)
        throw problem('from', 'expected a time of the last hundred years')
      if (from > to) throw problem('from', 'expected a time before "to"')
      if (to > now) throw problem('to', 'expected a time in the past: what is to come is sent when it is due')
      const slots = countSlots(spec, from.getTime(), to.getTime(), BACKFILL_LIMIT + 1)
      if (slots === 0) throw problem('from', 'no slot lies between the two')
      if (slots > BACKFILL_LIMIT)
        throw problem(
          'to',
          `more than ${BACKFILL_LIMIT} slots lie between the two: take a shorter time, one after the other`,
        )
      const meantFor = expected === undefined ? {} : { expected }
      const order = { type: 'BACKFILL', from: from.getTime(), to: to.getTime(), ...meantFor }
      await command(by, id, 'backfill', order).catch(instead(notNow(before)))
      return { slots }
    },
  }
}

function addressOf(by: Principal, id: string): Address {
  return address('schedule', teamKey(by.team, id))
}

function specOf(id: string, { startAt, endAt, ...draft }: ScheduleDraft): ScheduleSpec {
  return {
    ...draft,
    type: draft.type ?? `schedule.${id}.fired`,
    subject: draft.subject ?? null,
    startAt: startAt?.getTime() ?? null,
    endAt: endAt?.getTime() ?? null,
  }
}

/** Somebody was faster: the machine did not take what it would have taken a moment before. */
function instead(error: AppError): (thrown: unknown) => never {
  return (thrown) => {
    throw thrown instanceof AppError && thrown.code === 'event.refused' ? error : thrown
  }
}

function notNow({ id, state }: ListedSchedule): AppError {
  const why =
    state === 'active' ? 'a backfill is at work: wait for its end' : `it is ${state}: only an active one fills in`
  return new AppError('event.refused', `Schedule ${id} takes no backfill now: ${why}`, { details: { id, state } })
}

function requireVersion(found: ListedSchedule | undefined, id: string, expected: number | undefined): void {
  if (expected !== undefined && found?.version !== expected) throw moved(id, found?.version)
}

function moved(id: string, version: number | undefined): AppError {
  const words = version === undefined ? 'is not there any more' : `is at version ${version}: look again`
  return new AppError('request.precondition_failed', `Schedule ${id} ${words}`, {
    details: { id, version: version ?? null },
  })
}
