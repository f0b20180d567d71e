import { createHash } from 'node:crypto'
import { type Slots, slotsOf } from '../core/cron.ts'
import type { Json } from '../core/json.ts'
import type { Occasion, Outage, Recent, ScheduleSpec, ScheduleState } from './schedule-protocol.ts'

/** A slot is in time until the next one is due, and at most so long. */
const ON_TIME_MS = 60_000
/** So many events are sent at once; the rest follows in the next turn. */
export const EVENTS_A_TURN = 100
/** So many slots are looked at in one turn. */
const SLOTS_A_TURN = 250
/** So many missed slots of one outage are counted. */
export const COUNTED = 10_000
export const BACKFILL_LIMIT = 500
const RECENT = 5

/** What a schedule says to the world. `once` names it: the log takes no second event of that name from it. */
export interface ScheduleNews {
  type: string
  subject?: string
  data: { [name: string]: Json }
  priority: number
  once?: string
}

export interface Taken {
  state: ScheduleState
  news: ScheduleNews[]
}

/** When a slot's event is to be sent: the slot itself, or as much later as its jitter says. */
export function dueAt({ id, spec }: Pick<ScheduleState, 'id' | 'spec'>, slot: number): number {
  if (!spec || spec.jitterMs === 0) return slot
  const digest = createHash('sha256').update(`${id} ${slot}`).digest()
  return slot + (digest.readUIntBE(0, 6) % (spec.jitterMs + 1))
}

/** The first slot after `at` that the schedule has. */
export function nextSlot(spec: ScheduleSpec, at: number, slots: Slots = slotsOf(spec)): number | null {
  const next = slots.next(Math.max(at, (spec.startAt ?? 0) - 1))
  return next === null || (spec.endAt !== null && next > spec.endAt) ? null : next
}

/** True while something is left to be done at once. */
export function isBusy({ outage, backfill }: ScheduleState): boolean {
  return outage !== null || backfill !== null
}

/**
 * What is due at `at`: the slots since the last look are decided in order, each once, and then some of the past that was
 * asked for. Bounded: what is left is for the next turn, for which `outage` or `backfill` stay set.
 */
export function take(before: ScheduleState, at: number): Taken {
  const { spec } = before
  if (!spec) return { state: before, news: [] }
  const slots = slotsOf(spec)
  const book = createBook(before, at)
  walk(book, spec, slots)
  if (!isDue(book.state, at)) {
    closeOutage(book, spec)
    fill(book, spec, slots)
  }
  return { state: book.state, news: book.news }
}

/** Sends one event now. */
export function trigger(before: ScheduleState, at: number): Taken {
  const book = createBook(before, at)
  if (before.spec) send(book, before.spec, at, 'manual')
  return { state: book.state, news: book.news }
}

/** How many slots lie between the two, both included, as far as `limit`. */
export function countSlots(spec: ScheduleSpec, from: number, to: number, limit: number): number {
  const slots = slotsOf(spec)
  let count = 0
  for (let slot = slots.next(from - 1); slot !== null && slot <= to && count < limit; slot = slots.next(slot))
    count += 1
  return count
}

interface Book {
  state: ScheduleState
  news: ScheduleNews[]
  at: number
}

function createBook(before: ScheduleState, at: number): Book {
  return { state: { ...before, outage: before.outage && { ...before.outage } }, news: [], at }
}

function isDue(state: ScheduleState, at: number): boolean {
  return state.next !== null && dueAt(state, state.next) <= at
}

function walk(book: Book, spec: ScheduleSpec, slots: Slots): void {
  const { state, at } = book
  for (let seen = 0; seen < SLOTS_A_TURN && book.news.length < EVENTS_A_TURN; seen++) {
    const slot = state.next
    if (slot === null || !isDue(state, at)) return
    const following = nextSlot(spec, slot, slots)
    const late = at - dueAt(state, slot)
    const inTime = late <= ON_TIME_MS && (following === null || dueAt(state, following) > at)
    if (inTime) {
      send(book, spec, slot, 'slot')
      if (state.outage) state.outage.onTime = true
    } else miss(book, spec, slot, late)
    state.through = slot
    state.next = following
    if (state.outage && state.outage.missed >= COUNTED) leap(book, spec, slots)
  }
}

function miss(book: Book, spec: ScheduleSpec, slot: number, late: number): void {
  const { state } = book
  const known = state.outage ?? { from: slot, missed: 0, caughtUp: 0, uncounted: false, candidate: null, onTime: false }
  const outage: Outage = { ...known, to: slot, missed: known.missed + 1 }
  state.outage = outage
  state.missed += 1
  const mayBeMadeUp = late <= spec.maxDelayMs
  if (spec.catchUp === 'all' && mayBeMadeUp) {
    outage.caughtUp += 1
    send(book, spec, slot, 'catch-up')
    return
  }
  if (spec.catchUp === 'last' && mayBeMadeUp) outage.candidate = slot
  note(book, slot, 'missed')
}

/** What is too old to be made up for is not counted without end: on to where it matters again. */
function leap({ state, at }: Book, spec: ScheduleSpec, slots: Slots): void {
  if (!state.outage || state.outage.uncounted || state.next === null) return
  const [latest = at, earlier = latest] = slots.preceding(at + 1, 2)
  const matters = spec.catchUp === 'all' ? Math.min(latest, at - spec.maxDelayMs - spec.jitterMs) : earlier
  if (matters <= state.next) return
  state.outage.uncounted = true
  state.through = matters - 1
  state.next = nextSlot(spec, matters - 1, slots)
}

/** Nothing more is due: what was missed is told, and `last` makes up for the latest of it. */
function closeOutage(book: Book, spec: ScheduleSpec): void {
  const { outage, id } = book.state
  if (!outage) return
  const { candidate, from, to, missed, uncounted } = outage
  const makesUp = candidate !== null && !outage.onTime
  if (makesUp) {
    book.state.recent = book.state.recent.filter(({ slot, outcome }) => slot !== candidate || outcome !== 'missed')
    send(book, spec, candidate, 'catch-up')
  }
  const caughtUp = outage.caughtUp + (makesUp ? 1 : 0)
  const schedule = { id, from: timeOf(from), to: timeOf(to), missed, caughtUp, uncounted }
  book.news.push({ type: `schedule.${id}.missed`, data: { schedule }, priority: spec.priority })
  book.state.outage = null
}

function fill(book: Book, spec: ScheduleSpec, slots: Slots): void {
  const { state } = book
  while (state.backfill && book.news.length < EVENTS_A_TURN) {
    const { next, to } = state.backfill
    send(book, spec, next, 'backfill')
    const following = slots.next(next)
    state.backfill = following === null || following > to ? null : { next: following, to }
  }
}

function send(book: Book, spec: ScheduleSpec, slot: number, occasion: Occasion): void {
  const { state } = book
  state.fired += 1
  note(book, slot, occasion)
  const schedule = { id: state.id, slot: timeOf(slot), occasion }
  book.news.push({
    type: spec.type,
    ...(spec.subject === null ? {} : { subject: spec.subject }),
    data: { ...spec.data, schedule },
    priority: spec.priority,
    ...(occasion === 'manual' ? {} : { once: timeOf(slot) }),
  })
}

function note({ state, at }: Book, slot: number, outcome: Recent['outcome']): void {
  state.recent = [{ slot, outcome, at }, ...state.recent].slice(0, RECENT)
}

function timeOf(at: number): string {
  return new Date(at).toISOString()
}
