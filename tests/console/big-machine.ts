import { createMachine } from 'xstate'

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** Forty states and more: regions side by side, nested three deep, history of both kinds, delays, guards, invocations. */
export const bigMachine = createMachine({
  id: 'studio',
  type: 'parallel',
  states: {
    transport: {
      initial: 'stopped',
      on: { POWER_CUT: '.stopped' },
      states: {
        stopped: { on: { PLAY: 'playing', RECALL: 'playing.recent' } },
        playing: {
          initial: 'normal',
          on: { STOP: 'stopped', PAUSE: 'held' },
          states: {
            normal: { on: { FASTER: 'double', SLOWER: 'half' } },
            double: { on: { FASTER: 'quadruple', SLOWER: 'normal' }, after: { 600_000: 'normal' } },
            quadruple: { on: { SLOWER: 'double' } },
            half: { on: { FASTER: 'normal' } },
            recent: { type: 'history' },
          },
        },
        held: { on: { PLAY: 'playing.recent', STOP: 'stopped' }, after: { 1_800_000: 'stopped' } },
      },
    },
    recording: {
      initial: 'idle',
      states: {
        idle: { on: { RECORD: 'running', RESTORE: 'running.deep' } },
        running: {
          initial: 'preparing',
          on: { CANCEL_RECORDING: 'idle' },
          states: {
            preparing: { on: { READY: 'writing' } },
            writing: {
              initial: 'firstPass',
              on: { FULL: '#studio.recording.full' },
              states: {
                firstPass: { on: { NEXT: 'secondPass' } },
                secondPass: { on: { NEXT: 'verification' } },
                verification: { on: { NEXT: '#studio.recording.finished' } },
              },
            },
            deep: { type: 'history', history: 'deep' },
          },
        },
        full: { on: { CLEARED_ENOUGH_SPACE_FOR_ANOTHER_RECORDING: 'idle' } },
        finished: { on: { RECORD: 'running' } },
      },
    },
    calendar: {
      initial: 'mon',
      states: Object.fromEntries(
        DAYS.map((day, index) => [
          day,
          {
            initial: 'morning',
            on: { TOMORROW: DAYS[(index + 1) % DAYS.length] ?? 'mon' },
            states: {
              morning: { on: { NOON: 'afternoon' } },
              afternoon: { on: { EVENING: 'evening' } },
              evening: {},
            },
          },
        ]),
      ),
    },
  },
})
