import { assign, enqueueActions, setup } from 'xstate'
import { cronProblem, slotsOf } from '../core/cron.ts'
import { EventType } from '../core/event.ts'
import type { ScheduleEvent, ScheduleInput, ScheduleSpec, ScheduleState } from './schedule-protocol.ts'
import {
  BACKFILL_LIMIT,
  countSlots,
  dueAt,
  isBusy,
  nextSlot,
  type ScheduleNews,
  take,
  trigger,
} from './schedule-slots.ts'

const kit = setup({
  types: {
    context: {} as ScheduleState,
    events: {} as ScheduleEvent,
    input: {} as ScheduleInput,
    emitted: {} as ScheduleNews,
    tags: {} as 'armed' | 'quiet',
  },
  delays: {
    slot: ({ context, event }) => waitMs(context, event.at),
  },
  guards: {
    maySet: ({ context, event }) => event.type === 'SET' && isExpected(context, event.expected) && isSound(event.spec),
    /** It is at the version that the word was meant for, if that was said. */
    isMeant: ({ context, event }) => !('expected' in event) || isExpected(context, event.expected),
    mayFill: ({ context, event }) =>
      event.type === 'BACKFILL' &&
      mayFill(context, event) &&
      (!('expected' in event) || isExpected(context, event.expected)),
    isOver: ({ context }) => context.next === null && !isBusy(context),
  },
  actions: {
    define: assign(({ context, event }) => (event.type === 'SET' ? defined(context, event.spec, event.at) : context)),
    forget: assign(({ context, event }) => ({ ...context, spec: null, changedAt: event.at, ...NOTHING_DUE })),
    rest: assign({ outage: null, backfill: null }),
    /** What passed meanwhile was not to be sent: it is not missed. */
    goOn: assign(({ context, event }) => placed(context, event.at)),
    ask: assign(({ context, event }) => (event.type === 'BACKFILL' ? asked(context, event) : context)),
    send: enqueueActions(({ context, event, enqueue }) => {
      const { state, news } = event.type === 'TRIGGER' ? trigger(context, event.at) : take(context, event.at)
      for (const one of news) enqueue.emit(one)
      enqueue.assign(state)
    }),
  },
})

const common = {
  TRIGGER: { guard: 'isMeant', actions: 'send' },
  REMOVE: { guard: 'isMeant', target: 'removed', actions: 'forget' },
} as const

/**
 * `schedule/<id>`: sends an event at each of its slots, once, whichever worker is there. Slots that nobody was there for
 * are counted, and made up for as it was told to.
 */
export const schedule = kit.createMachine({
  id: 'schedule',
  version: '1',
  description: 'Sends an event whenever its rule is due. It waits for one slot at a time.',
  context: ({ input }) => ({
    id: input.id,
    spec: null,
    version: 0,
    createdAt: input.at,
    changedAt: input.at,
    through: input.at,
    fired: 0,
    missed: 0,
    recent: [],
    ...NOTHING_DUE,
  }),
  initial: 'removed',
  states: {
    removed: {
      description: 'It was taken away, or is not made yet. What it sent stays in the log, and no slot is sent twice.',
      tags: ['quiet'],
      on: { SET: { guard: 'maySet', target: 'active', actions: 'define' } },
    },
    active: {
      description: 'It waits for its next slot. When that comes late, what was missed is counted and made up for.',
      tags: ['armed'],
      always: { guard: 'isOver', target: 'ended' },
      after: { slot: { target: 'active', reenter: true, actions: 'send' } },
      on: {
        SET: { guard: 'maySet', target: 'active', reenter: true, actions: 'define' },
        PAUSE: { guard: 'isMeant', target: 'paused', actions: 'rest' },
        BACKFILL: { guard: 'mayFill', target: 'active', reenter: true, actions: 'ask' },
        ...common,
      },
    },
    paused: {
      description: 'It lets its slots pass: they are neither sent nor missed. It can still be triggered by hand.',
      tags: ['quiet'],
      on: {
        SET: { guard: 'maySet', actions: 'define' },
        RESUME: { guard: 'isMeant', target: 'active', actions: 'goOn' },
        ...common,
      },
    },
    ended: {
      description: 'No slot is to come: its end has passed. Give it another end, or remove it.',
      tags: ['quiet'],
      on: { SET: { guard: 'maySet', target: 'active', actions: 'define' }, ...common },
    },
  },
})

const NOTHING_DUE = { next: null, outage: null, backfill: null } satisfies Partial<ScheduleState>

function waitMs(state: ScheduleState, at: number): number {
  if (isBusy(state)) return 0
  return state.next === null ? Infinity : Math.max(0, dueAt(state, state.next) - at)
}

/** The doors say what is wrong with it; here it is only kept out. */
function isSound(spec: ScheduleSpec): boolean {
  return cronProblem(spec) === undefined && EventType.safeParse(spec.type).success
}

function isExpected({ spec, version }: ScheduleState, expected: number | null | undefined): boolean {
  return expected === undefined || expected === (spec === null ? null : version)
}

/** A rule that stays the same goes on where it was; a new one begins now. */
function defined(state: ScheduleState, spec: ScheduleSpec, at: number): ScheduleState {
  const { version, createdAt } = state
  const same = state.spec !== null && state.spec.cron === spec.cron && state.spec.timezone === spec.timezone
  const made = {
    ...state,
    spec,
    version: version + 1,
    createdAt: state.spec === null ? at : createdAt,
    changedAt: at,
    backfill: same ? state.backfill : null,
  }
  const fresh = state.spec === null ? { ...made, fired: 0, missed: 0, recent: [] } : made
  return same && state.next !== null ? { ...fresh, next: nextSlot(spec, state.through) } : placed(fresh, at)
}

/** As if it began now. The clock may have been set back: what was decided stays decided. */
function placed(state: ScheduleState, at: number): ScheduleState {
  const through = Math.max(state.through, at)
  return { ...state, through, next: state.spec && nextSlot(state.spec, through), outage: null }
}

function mayFill(
  { spec, backfill }: ScheduleState,
  { from, to, at }: { from: number; to: number; at: number },
): boolean {
  if (!spec || backfill !== null || from > to || to > at) return false
  const count = countSlots(spec, from, to, BACKFILL_LIMIT + 1)
  return count > 0 && count <= BACKFILL_LIMIT
}

function asked(state: ScheduleState, { from, to }: { from: number; to: number }): ScheduleState {
  const next = state.spec && slotsOf(state.spec).next(from - 1)
  return next === null ? state : { ...state, backfill: { next, to } }
}
