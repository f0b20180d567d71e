import type { CronRule } from '../core/cron.ts'
import type { Json } from '../core/json.ts'

/** What becomes of slots that nobody was there for. */
export type CatchUp = 'none' | 'last' | 'all'

/** What a schedule is told to do. Times are milliseconds since the epoch. */
export interface ScheduleSpec extends CronRule {
  description: string
  /** The type of the events that it sends. */
  type: string
  subject: string | null
  /** What its events carry, beside the member `schedule`. */
  data: { [name: string]: Json }
  /** 0–100. */
  priority: number
  catchUp: CatchUp
  /** So late a missed slot may still be made up for. */
  maxDelayMs: number
  /** Each slot is put off by up to this long: always the same for the same slot. */
  jitterMs: number
  /** No slot before. */
  startAt: number | null
  /** No slot after. */
  endAt: number | null
}

export type ScheduleMessage =
  /** Makes it, or makes it anew; with `expected`, only if that is still its version (null: only if it is not there). */
  | { type: 'SET'; spec: ScheduleSpec; expected?: number | null }
  | { type: 'PAUSE'; expected?: number }
  | { type: 'RESUME'; expected?: number }
  /** Sends one event now, whatever the clock says. */
  | { type: 'TRIGGER'; expected?: number }
  /** Sends the events of slots that are past, from `from` to `to`, if they were not sent. */
  | { type: 'BACKFILL'; from: number; to: number; expected?: number }
  | { type: 'REMOVE'; expected?: number }

export type ScheduleEvent = ScheduleMessage & { at: number }

export interface ScheduleInput {
  at: number
  id: string
}

/** Why an event was sent. */
export type Occasion = 'slot' | 'catch-up' | 'backfill' | 'manual'

export interface Recent {
  /** The slot; of a manual event, when it was asked for. */
  slot: number
  outcome: Occasion | 'missed'
  /** When that was decided. */
  at: number
}

/** Slots that passed while nobody was there, as far as they are counted. */
export interface Outage {
  from: number
  to: number
  missed: number
  caughtUp: number
  /** True: there were more than are counted. */
  uncounted: boolean
  /** The latest missed slot that `last` would make up for. */
  candidate: number | null
  /** A slot that came in time needs no making up for. */
  onTime: boolean
}

/** All times are milliseconds since the epoch. */
export interface ScheduleState {
  id: string
  /** Null: it was removed, or never made. */
  spec: ScheduleSpec | null
  /** Counts how often it was made or changed. */
  version: number
  createdAt: number
  changedAt: number
  /** Slots up to here are decided. */
  through: number
  /** The next slot; null: none is to come. */
  next: number | null
  fired: number
  missed: number
  /** The latest ones, newest first. */
  recent: Recent[]
  outage: Outage | null
  backfill: { next: number; to: number } | null
}
