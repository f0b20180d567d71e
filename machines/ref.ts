import type { AnyActorRef } from 'xstate'
import type { Address } from '../core/address.ts'

/** What stands for another durable actor inside a machine: enough for XState to send to it, nothing that runs. */
export interface DurableRef {
  id: string
  sessionId: string
  /** Where its mail goes; a system id is resolved when the message is committed. */
  address?: Address
  systemId?: string
}

/**
 * A durable actor by its address, for `sendTo` in a machine:
 *
 *     sendTo(({ context }) => actorAt(context.lock), { type: 'RELEASE' })
 */
export function actorAt(address: Address): AnyActorRef {
  return durableRef({ id: address, sessionId: address, address })
}

/** Gives a `DurableRef` the members that XState asks of a reference. They do nothing: a step is pure. */
export function durableRef<R extends DurableRef>(ref: R): R & AnyActorRef {
  const members = {
    send: () => undefined,
    getSnapshot: () => ({ status: 'active' }),
    subscribe: () => ({ unsubscribe: () => undefined }),
    on: () => ({ unsubscribe: () => undefined }),
    start: () => members,
    stop: () => members,
    ...ref,
  }
  const whole = Object.assign(members, { ref: members })
  return whole as unknown as R & AnyActorRef
}
