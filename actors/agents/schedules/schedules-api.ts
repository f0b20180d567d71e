import type { Address } from '../../../core/address.ts'
import type { CronRule } from '../../../core/cron.ts'
import type { Json } from '../../../core/json.ts'
import type { PageOf, Paging } from '../../../core/paging.ts'
import type { Principal } from '../../../core/principal.ts'

/** What a schedule is to do, as people write it. */
export interface ScheduleDraft extends CronRule {
  description: string
  /** Absent: `schedule.<id>.fired`. */
  type?: string | undefined
  subject?: string | null | undefined
  data: { [name: string]: Json }
  priority: number
  catchUp: 'none' | 'last' | 'all'
  maxDelayMs: number
  jitterMs: number
  startAt?: Date | null | undefined
  endAt?: Date | null | undefined
}

export interface ScheduleView {
  id: string
  address: Address
  description: string
  cron: string
  timezone: string
  /** The rule in words. */
  words: string
  type: string
  subject: string | null
  data: { [name: string]: Json }
  priority: number
  catchUp: 'none' | 'last' | 'all'
  maxDelayMs: number
  jitterMs: number
  startAt: Date | null
  endAt: Date | null
  state: string
  /** Counts its changes. */
  version: number
  /** The next slots, at most five; none unless it is active. */
  next: Date[]
  /** The last slots, at most five, the latest first, and what became of them. */
  last: { slot: Date; outcome: string; at: Date }[]
  fired: number
  missed: number
  createdAt: Date
  changedAt: Date
}

export interface SlotsView {
  /** The rule in words. */
  words: string
  next: Date[]
  /** The latest first. */
  previous: Date[]
}

/** `expected`, where it is given, is the version that is meant: a schedule at another one is left alone (`request.precondition_failed`). */
export interface SchedulesApi {
  list(by: Principal, filter: Paging & { state?: string }): Promise<PageOf<ScheduleView>>
  get(by: Principal, id: string): Promise<ScheduleView>
  /** What a rule that can be kept would mean. */
  preview(rule: CronRule): Promise<SlotsView>
  /** Throws `schedule.exists`, and `schedule.too_many` when the team has a thousand. */
  create(by: Principal, id: string, draft: ScheduleDraft): Promise<ScheduleView>
  /** Makes it, or makes it anew. */
  put(
    by: Principal,
    id: string,
    draft: ScheduleDraft,
    /** A version; `any`: it must be there. */
    expected: number | 'any' | undefined,
  ): Promise<{ view: ScheduleView; created: boolean }>
  remove(by: Principal, id: string, expected: number | undefined): Promise<void>
  pause(by: Principal, id: string, expected?: number): Promise<ScheduleView>
  resume(by: Principal, id: string, expected?: number): Promise<ScheduleView>
  /** Sends one event now. */
  trigger(by: Principal, id: string, expected?: number): Promise<ScheduleView>
  /** Sends the events of past slots that have none yet; answers how many slots lie there. */
  backfill(by: Principal, id: string, from: Date, to: Date, expected?: number): Promise<{ slots: number }>
}
