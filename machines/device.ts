import { assign, emit, enqueueActions, setup } from 'xstate'
import type { DeviceEvent, DeviceInput, DeviceState, Registration } from './device-protocol.ts'
import type { DeviceReport } from './lock-protocol.ts'
import type { Health } from './lock-schedule.ts'
import { actorAt } from './ref.ts'

const DAY = 24 * 3_600_000
const SUSPICIONS_A_DAY = 3

const kit = setup({
  types: {
    context: {} as DeviceState,
    events: {} as DeviceEvent,
    input: {} as DeviceInput,
    emitted: {} as { type: `device.${string}`; subject: string; data: Record<string, string | null> },
    tags: {} as 'usable' | 'withheld',
  },
  guards: {
    movesPool: ({ context, event }) =>
      event.type === 'REGISTER' && context.registration !== null && event.pool !== context.registration.pool,
    comesOnline: ({ context, event }) =>
      event.type === 'REGISTER' && event.connectivity === 'online' && context.connectivity !== 'online',
    goesOffline: ({ context, event }) =>
      event.type === 'REGISTER' && event.connectivity === 'offline' && context.connectivity !== 'offline',
    begins: ({ event }) => event.type === 'MAINTENANCE' && event.on,
    ends: ({ event }) => event.type === 'MAINTENANCE' && !event.on,
    endsInDoubt: ({ context, event }) =>
      event.type === 'MAINTENANCE' && !event.on && (context.registration?.check === true || context.health !== 'good'),
    tooOften: ({ context, event }) => suspicions(context, event.at).length >= SUSPICIONS_A_DAY,
  },
  actions: {
    register: assign(({ context, event }) => {
      if (event.type !== 'REGISTER') return context
      const { kind, pool, host, labels, name, gateway, check = false } = event
      return { ...context, registration: { kind, pool, host, labels, name, gateway, check } }
    }),
    seen: assign({ lastSeenAt: ({ context, event }) => Math.max(context.lastSeenAt ?? 0, event.at) }),
    explain: assign({
      reason: ({ event }) => ('reason' in event ? event.reason : null),
      by: ({ event }) => ('by' in event ? event.by : null),
    }),
    countSuspicion: assign(({ context, event }) => {
      if (event.type !== 'SUSPECT') return context
      const heard = Math.max(context.heard, event.token ?? 0)
      return { ...context, heard, suspectedAt: suspicions(context, event.at) }
    }),
    forgive: assign({ suspectedAt: [] }),
    setConnectivity: assign((_, connectivity: DeviceState['connectivity']) => ({ connectivity })),
    setHealth: assign((_, health: Health) => ({ health })),
    setMaintenance: assign((_, maintenance: boolean) => ({ maintenance })),
    announce: emit(({ context }, type: `device.${string}`) => news(context, type)),
    tellPool: enqueueActions(({ context, enqueue }) => {
      if (context.registration === null) return
      enqueue.sendTo(actorAt(`lock/${context.registration.pool}`), report(context, context.registration))
    }),
  },
})

/** `device/<id>`: whether one device can be reached, and whether it can be trusted. Who holds it is the lock's to know. */
export const device = kit.createMachine({
  id: 'device',
  version: '1',
  description: 'One device of the lab: can it be reached, and is it fit for work? Its pool hears of every change.',
  context: ({ input }) => ({
    id: input.id,
    registration: null,
    connectivity: 'unknown',
    health: 'good',
    maintenance: false,
    suspectedAt: [],
    heard: 0,
    reason: null,
    by: null,
    lastSeenAt: null,
  }),
  type: 'parallel',
  states: {
    connectivity: {
      description: 'Whether its host sees the device.',
      initial: 'unknown',
      on: {
        REGISTER: [
          { guard: 'movesPool', actions: { type: 'announce', params: 'device.move_refused' } },
          { guard: 'comesOnline', target: '.online', actions: ['register', 'seen'] },
          { guard: 'goesOffline', target: '.offline', actions: ['register', 'seen'] },
          { actions: ['register', 'seen', 'tellPool'] },
        ],
      },
      states: {
        unknown: {
          description: 'No host has said yet whether it sees the device. Nobody is given it.',
          tags: ['withheld'],
          entry: [{ type: 'setConnectivity', params: 'unknown' }],
          on: { ONLINE: 'online', OFFLINE: 'offline' },
        },
        online: {
          description: 'Its host sees the device.',
          tags: ['usable'],
          entry: [
            { type: 'setConnectivity', params: 'online' },
            'seen',
            'tellPool',
            { type: 'announce', params: 'device.online' },
          ],
          on: { ONLINE: { actions: 'seen' }, OFFLINE: 'offline' },
        },
        offline: {
          description:
            'Its host does not see the device. A holder keeps its lease until that runs out; nobody new is given it. ' +
            'Check cable and power, then its host.',
          tags: ['withheld'],
          entry: [
            { type: 'setConnectivity', params: 'offline' },
            'tellPool',
            { type: 'announce', params: 'device.offline' },
          ],
          on: { ONLINE: 'online' },
        },
      },
    },
    health: {
      description: 'Whether the device is fit for work.',
      initial: 'good',
      states: {
        good: {
          description: 'Nothing is known against it.',
          tags: ['usable'],
          entry: [{ type: 'setHealth', params: 'good' }, 'tellPool'],
          on: {
            SUSPECT: [
              { guard: 'tooOften', target: 'bad', actions: ['explain', 'countSuspicion'] },
              { target: 'suspect', actions: ['explain', 'countSuspicion'] },
            ],
            UNHEALTHY: { target: 'bad', actions: 'explain' },
            MAINTENANCE: { guard: 'begins', target: 'maintenance', actions: 'explain' },
          },
        },
        suspect: {
          description:
            'Something went wrong with the device itself, for example its clean-up failed. Nobody new is given it until a ' +
            'check passes or a person calls it healthy; the third suspicion within 24 hours makes it bad.',
          tags: ['withheld'],
          entry: [{ type: 'setHealth', params: 'suspect' }, 'tellPool', { type: 'announce', params: 'device.suspect' }],
          on: {
            HEALTHY: { target: 'good', actions: ['explain', { type: 'announce', params: 'device.healthy' }] },
            SUSPECT: [
              { guard: 'tooOften', target: 'bad', actions: ['explain', 'countSuspicion'] },
              { actions: ['explain', 'countSuspicion', 'tellPool'] },
            ],
            UNHEALTHY: { target: 'bad', actions: 'explain' },
            MAINTENANCE: { guard: 'begins', target: 'maintenance', actions: 'explain' },
          },
        },
        bad: {
          description:
            'A check failed, or it was suspected three times within 24 hours. Nobody new is given it until someone has ' +
            'mended it and says so.',
          tags: ['withheld'],
          entry: [{ type: 'setHealth', params: 'bad' }, 'tellPool', { type: 'announce', params: 'device.bad' }],
          on: {
            HEALTHY: {
              target: 'good',
              actions: ['explain', 'forgive', { type: 'announce', params: 'device.healthy' }],
            },
            SUSPECT: { actions: ['explain', 'countSuspicion', 'tellPool'] },
            MAINTENANCE: { guard: 'begins', target: 'maintenance', actions: 'explain' },
          },
        },
        maintenance: {
          description:
            'A person works on it. A holder may finish; nobody new is given it. Afterwards it is good, or suspect where a ' +
            'check is configured or something was found meanwhile.',
          tags: ['withheld'],
          entry: [
            { type: 'setHealth', params: 'good' },
            { type: 'setMaintenance', params: true },
            'tellPool',
            { type: 'announce', params: 'device.maintenance.started' },
          ],
          exit: [
            { type: 'setMaintenance', params: false },
            { type: 'announce', params: 'device.maintenance.ended' },
          ],
          on: {
            MAINTENANCE: [
              { guard: 'endsInDoubt', target: 'suspect', actions: ['explain', 'forgive'] },
              { guard: 'ends', target: 'good', actions: ['explain', 'forgive'] },
              { actions: 'explain' },
            ],
            SUSPECT: { actions: ['countSuspicion', { type: 'setHealth', params: 'suspect' }, 'tellPool'] },
            UNHEALTHY: { actions: [{ type: 'setHealth', params: 'suspect' }, 'tellPool'] },
            HEALTHY: { actions: [{ type: 'setHealth', params: 'good' }, 'tellPool'] },
          },
        },
      },
    },
  },
})

/** The row of the `devices` table. */
export function deviceProjection({ context }: { context: DeviceState }) {
  const { id, registration, connectivity, health, maintenance, reason, by, lastSeenAt } = context
  const { kind, pool, host, labels, name, gateway } = registration ?? UNREGISTERED
  const shown = maintenance ? ('maintenance' as const) : health
  return { id, pool, kind, host, name, labels, gateway, connectivity, health: shown, reason, by, lastSeenAt }
}

const UNREGISTERED = { kind: null, pool: null, host: null, labels: {}, name: null, gateway: null }

/** The suspicions of the last 24 hours, the one at `at` included. */
function suspicions({ suspectedAt }: DeviceState, at: number): number[] {
  return [...suspectedAt.filter((past) => past > at - DAY), at].slice(-SUSPICIONS_A_DAY)
}

function news({ id, registration, reason, by }: DeviceState, type: `device.${string}`) {
  const { kind, pool, host } = registration ?? UNREGISTERED
  return { type, subject: id, data: { pool, kind, host, reason, by } }
}

function report(state: DeviceState, { kind, labels }: Omit<Registration, 'connectivity'>): DeviceReport {
  const { id, connectivity, health, maintenance, heard } = state
  return { type: 'DEVICE', device: id, kind, labels, online: connectivity === 'online', health, maintenance, heard }
}
