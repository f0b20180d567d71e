import type { Effect, StoredSnapshot, Target } from '../core/effect.ts'
import { AppError } from '../core/errors.ts'
import { isReservedType } from '../core/event.ts'
import { toJson } from '../core/json.ts'
import type { MachineEvent } from '../core/message.ts'
import { isDurable } from './ref.ts'
import type { Identity, RecordedAction } from './scope.ts'

/** Where mail for the children that this very step starts goes; null for an invocation, which reads none. */
export type Newborn = ReadonlyMap<unknown, Target | null>

/** What an effect may refer to besides its own parameters. */
export interface Surroundings {
  identity: Identity
  known: StoredSnapshot['children']
  born: Newborn
}

/** Ten thousand years, in milliseconds: later than that Postgres cannot count, and nobody waits. */
const FOREVER_MS = 3e14

/** One XState action as effects of ours; builtins that only change the context have none. */
export function toEffects(action: RecordedAction, index: number, { identity, known, born }: Surroundings): Effect[] {
  const params = (action.params ?? {}) as Record<string, unknown>
  switch (action.type) {
    case 'xstate.raise':
      // Without a delay it was taken in this same step.
      return typeof params['delay'] === 'number'
        ? timer(identity, index, params, toEvent(identity, params['event']), null)
        : []
    case 'xstate.sendTo': {
      const event = toMail(identity, params['event'])
      const to = targetOf(params['to'], born)
      if (!to) return []
      if (typeof params['delay'] !== 'number') return [{ type: 'send', to, event }]
      const toSelf = 'address' in to && to.address === identity.address
      return timer(identity, index, params, event, toSelf ? null : to)
    }
    case 'xstate.cancel':
      return [{ type: 'cancel', id: String(params['sendId']) }]
    case 'xstate.emit':
      return [{ type: 'emit', event: toMail(identity, params['event']) }]
    case 'xstate.stopChild':
      return stop(action.params, known)
    case 'xstate.spawnChild':
    case 'xstate.log':
      return []
    default:
      return [{ type: 'action', name: action.type, params: toJson(action.params) }]
  }
}

function timer(
  identity: Identity,
  index: number,
  params: Record<string, unknown>,
  event: MachineEvent,
  to: Target | null,
): Effect[] {
  const delay = params['delay'] as number
  if (Number.isNaN(delay)) throw stepFailed(identity, 'asks for a delay that is not a number')
  // An infinite delay is never over.
  if (delay === Infinity) return []
  const id = typeof params['id'] === 'string' ? params['id'] : `${identity.revision}.${index}`
  return [{ type: 'timer', id, delayMs: Math.min(FOREVER_MS, Math.max(0, delay)), event, to }]
}

/** Only children that live: one that this step started and stopped again never was. */
function stop(ref: unknown, known: StoredSnapshot['children']): Effect[] {
  if (!isDurable(ref)) return []
  const child = Object.hasOwn(known, ref.id) ? known[ref.id] : undefined
  return child && child.address === ref.address ? [{ type: 'stop', id: ref.id, address: ref.address ?? null }] : []
}

/** Null: mail for an invocation or for a child that this very step stopped again, which nobody can read. */
function targetOf(ref: unknown, born: Newborn): Target | null {
  const fresh = born.get(ref)
  if (fresh !== undefined) return fresh
  if (!isDurable(ref)) return null
  if (ref.address !== undefined) return { address: ref.address }
  return ref.systemId === undefined ? null : { systemId: ref.systemId }
}

function toEvent(identity: Identity, value: unknown): MachineEvent {
  const event = toJson(value)
  if (typeof event === 'object' && event !== null && !Array.isArray(event) && typeof event['type'] === 'string')
    return event as MachineEvent
  throw stepFailed(identity, 'sends something that is not an event: it has no type')
}

/** What leaves the actor may not pass for the runtime's own, wherever its type came from. */
function toMail(identity: Identity, value: unknown): MachineEvent {
  const event = toEvent(identity, value)
  if (!isReservedType(event.type)) return event
  throw new AppError(
    'event.reserved_type',
    `${identity.address} sends "${event.type}", a type that only the runtime may send`,
  )
}

function stepFailed(identity: Identity, what: string): AppError {
  return new AppError('actor.step_failed', `${identity.address} ${what}`)
}
