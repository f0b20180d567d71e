import { fromPromise, setup } from 'xstate'
import type { LockSettings, LockState } from './lock-desk.ts'
import type { LockEffect, LockMessage, ResourceEvent, ResourceFacts } from './lock-protocol.ts'
import { inOrder } from './lock-schedule.ts'
import { cleanupJob, type LockWork, serve } from './lock-serve.ts'
import { actorAt } from './ref.ts'

export interface LockInput {
  at: number
  pool: string
  settings?: Partial<LockSettings>
}

/** Events as the machine sees them: `at` is the database's time in milliseconds. */
export type LockEvent = { at: number } & (
  | LockMessage
  | { type: 'DEADLINE' }
  | { type: `xstate.done.actor.${string}` }
  | { type: `xstate.error.actor.${string}`; error: unknown }
)

const DEFAULTS: LockSettings = { ttlMs: 60_000, maxHoldMs: 2 * 3_600_000, cleanupMs: 120_000 }
const DONE = 'xstate.done.actor.'
const FAILED = 'xstate.error.actor.'

const kit = setup({
  types: {
    context: {} as LockState,
    events: {} as LockEvent,
    input: {} as LockInput,
    emitted: {} as { type: ResourceEvent; subject?: string; data: ResourceFacts },
    tags: {} as 'free' | 'busy' | 'waiting',
  },
  actors: {
    /** Brings a device back to how it should be found; rejects when it cannot. */
    cleanup: fromPromise<unknown, { device: string; token: number }>(() => {
      throw new Error('provided by the platform')
    }),
  },
  guards: {
    someoneWaits: ({ context }) => phase(context) === 'contended',
    someoneHolds: ({ context }) => phase(context) === 'held',
    onlyCleaning: ({ context }) => phase(context) === 'cleaning',
    allFree: ({ context }) => phase(context) === 'idle',
  },
})

const serving = kit.extend({
  actions: {
    serve: kit.enqueueActions(({ context, event, enqueue }) => {
      const { state, effects } = serve(context, toWork(event))
      enqueue.assign(state)
      for (const effect of effects) {
        switch (effect.do) {
          case 'reply':
            enqueue.sendTo(actorAt(effect.to), effect.message)
            break
          case 'publish':
            enqueue.emit(toNews(effect))
            break
          case 'clean': {
            const { device, token } = effect
            enqueue.spawnChild('cleanup', { id: cleanupJob(device, token), input: { device, token } })
            break
          }
          case 'stopCleaning':
            enqueue.stopChild(cleanupJob(effect.device, effect.token))
            break
          case 'suspect': {
            const { device, token, reason } = effect
            enqueue.sendTo(actorAt(`device/${device}`), { type: 'SUSPECT', reason, token })
            break
          }
          case 'wake':
            enqueue.cancel('deadline')
            enqueue.raise({ type: 'DEADLINE', at: effect.at }, { id: 'deadline', delay: effect.delayMs })
            break
          case 'letSleep':
            enqueue.cancel('deadline')
            break
        }
      }
    }),
  },
})

/** `lock/<pool>`: the one place where a pool's devices are given out. Every request for any of them is a turn of this actor. */
export const lock = serving.createMachine({
  id: 'lock',
  version: '1',
  description: 'Gives out the devices of one pool, one holder at a time, in order of priority and age.',
  context: ({ input }) => ({
    pool: input.pool,
    settings: { ...DEFAULTS, ...input.settings },
    devices: {},
    tickets: {},
    now: input.at,
    wakeAt: null,
  }),
  initial: 'idle',
  on: {
    ACQUIRE: { description: 'Someone asks for devices: granted, queued or refused.', actions: 'serve' },
    RENEW: { description: 'A holder is still there: its lease lasts one ttl longer.', actions: 'serve' },
    RELEASE: { description: 'A holder is done.', actions: 'serve' },
    CANCEL: { description: 'A request is no longer wanted.', actions: 'serve' },
    KICK: { description: 'An operator takes a device from its holder.', actions: 'serve' },
    DEVICE: { description: 'A device says what it is and how it is.', actions: 'serve' },
    DEADLINE: { description: 'A lease or a clean-up has run out.', actions: 'serve' },
    'xstate.done.actor.*': { description: 'A device is clean again.', actions: 'serve' },
    'xstate.error.actor.*': { description: 'A device could not be cleaned: it is suspect now.', actions: 'serve' },
  },
  states: {
    idle: {
      description: 'Nobody holds a device and nobody waits. There is nothing to do here.',
      tags: ['free'],
      always: [
        { guard: 'someoneWaits', target: 'contended' },
        { guard: 'someoneHolds', target: 'held' },
        { guard: 'onlyCleaning', target: 'cleaning' },
      ],
    },
    held: {
      description:
        'At least one device is in use, and nobody waits. A holder that stops renewing loses its device when its lease runs out.',
      tags: ['busy'],
      always: [
        { guard: 'someoneWaits', target: 'contended' },
        { guard: 'onlyCleaning', target: 'cleaning' },
        { guard: 'allFree', target: 'idle' },
      ],
    },
    cleaning: {
      description:
        'Nobody holds a device, but at least one is being brought back to its home state before the next holder gets it.',
      tags: ['busy'],
      always: [
        { guard: 'someoneWaits', target: 'contended' },
        { guard: 'someoneHolds', target: 'held' },
        { guard: 'allFree', target: 'idle' },
      ],
    },
    contended: {
      description:
        'Someone waits: the devices they could use are held, being cleaned, offline, suspect or in maintenance. ' +
        'If this lasts, look at who holds them and at the health of the devices; KICK takes a device from its holder.',
      tags: ['busy', 'waiting'],
      always: [
        { guard: 'someoneHolds', target: 'held' },
        { guard: 'onlyCleaning', target: 'cleaning' },
        { guard: 'allFree', target: 'idle' },
      ],
    },
  },
})

/** Rows for the tables people query: one per held device (its primary key) and one per waiting ticket, in order. */
export function lockProjection(context: LockState) {
  const leases = Object.values(context.devices).flatMap(({ id: device, lease }) => {
    if (!lease) return []
    const { ticket, token, grantedAt, expiresAt, maxUntil } = lease
    const { id, owner, reason, priority } = ticket
    const asked = { ticket: id, ownerKind: owner.kind, ownerId: owner.id, reason, priority }
    return [{ device, pool: context.pool, ...asked, token, grantedAt, expiresAt, maxUntil }]
  })
  const waiting = Object.values(context.tickets).sort(inOrder(context.now))
  const tickets = waiting.map(({ id, owner, reason, priority, enqueuedAt, wants }, index) => {
    const asked = { ticket: id, ownerKind: owner.kind, ownerId: owner.id, reason, priority }
    return { pool: context.pool, ...asked, wants, enqueuedAt, position: index + 1 }
  })
  return { leases, tickets }
}

function phase({ devices, tickets }: LockState): 'idle' | 'held' | 'cleaning' | 'contended' {
  if (Object.keys(tickets).length > 0) return 'contended'
  const all = Object.values(devices)
  if (all.some(({ lease }) => lease)) return 'held'
  return all.some(({ cleaning }) => cleaning) ? 'cleaning' : 'idle'
}

function toWork(event: LockEvent): LockWork {
  const { at } = event
  if (isDone(event)) return { type: 'CLEANED', at, job: event.type.slice(DONE.length), failure: null }
  if (isFailed(event))
    return { type: 'CLEANED', at, job: event.type.slice(FAILED.length), failure: messageOf(event.error) }
  return event
}

function toNews({ type, subject, data }: Extract<LockEffect, { do: 'publish' }>) {
  return subject === null ? { type, data } : { type, subject, data }
}

function isDone(event: LockEvent): event is Extract<LockEvent, { type: `xstate.done.actor.${string}` }> {
  return event.type.startsWith(DONE)
}

function isFailed(event: LockEvent): event is Extract<LockEvent, { type: `xstate.error.actor.${string}` }> {
  return event.type.startsWith(FAILED)
}

/** An error that came through JSON is a record with a message, or whatever was thrown. */
function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return typeof error === 'string' ? error : JSON.stringify(error)
}
